import ArgumentParser
import Comparison
import Foundation
import Metrics
import Training

struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare methods on a small sentiment task with a real model.",
        discussion: """
            Runs the comparison products-demo: 256 labelled sentences about products, a
            training with AdamW, one with IVON that finds its own settings, and rows that
            need no other. The column coverage is the share of sentences that can be
            answered with 5% of the answers wrong, the most certain first. `make demo`
            fetches model and data, which the recipe looks for below the working folder. A
            demo that was stopped goes on.
            """
    )

    @Option("The folder for the comparison.")
    var output = "runs/demo"
    @Option("Seed of order, adapters, dropout and draws (default: 21).")
    var seed: String?
    @Flag(help: "Replace the comparison in the folder.")
    var force = false
    @Flag(help: "Print the results as JSON.")
    var json = false

    func validate() throws {
        _ = try value("seed", seed, \.seed)
    }

    func run() throws {
        var recipe = try ComparisonRecipe(named: "products-demo")
        if let seed = try value("seed", seed, \.seed) { recipe.seeds = [seed] }
        let plan = try recipe.plan(place: "products-demo")
        if let model = plan.tasks.first?.recipes.adamw.model,
            !FileManager.default.fileExists(atPath: model)
        {
            throw RecipeError("\(model): no such file; make demo fetches model and data")
        }
        let folder = URL(fileURLWithPath: output)
        if try force && Comparison.exists(in: folder) {
            try Comparison(plan, in: folder).remove(with: ComparisonRun.pages)
        }
        let run = ComparisonRun(plan, in: folder)
        let results = try run.results(toGoOn: "varlora demo")
        _ = try run.writeTables()
        let report = try run.writeReport()
        if json { return try Console.printJSON(results) }
        Console.print(Self.table(results).text)
        Console.note("report: \(report.relativePath)")
    }

    /// A row a method, narrow enough for 80 columns.
    private static func table(_ results: [ComparisonRow]) -> TextTable {
        let examples = results.first.map { "\($0.examples) sentences" } ?? ""
        var table = TextTable([
            examples, "ACC", "ECE", "NLL", "coverage", "training s", "extra s", "passes",
        ])
        for result in results {
            let (metrics, cost) = (result.metrics, result.cost)
            let numbers = [metrics.accuracy, metrics.ece, metrics.nll, metrics[.coverageAt5]]
            let seconds = [cost.trainingSeconds ?? 0, cost.extraSeconds ?? 0]
            table.add(
                [result.method] + numbers.map { $0.fixed(3) } + seconds.map { $0.fixed(1) }
                    + ["\(cost.forwardPasses)"]
            )
        }
        return table
    }
}
