import ArgumentParser
import Evaluation
import Foundation
import LanguageModels
import Metrics
import TextTasks
import Torch
import Training

struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare AdamW and IVON on a small sentiment task with a real model.",
        discussion: """
            Trains the recipes sentiment-adamw and sentiment-ivon, which share start and order of
            the examples, and measures them and the untouched model on the same test sentences.
            `make demo` fetches model and data, which the recipes look for below the working
            folder.
            """
    )

    @Option(help: "The folder for the two runs; runs of the same names in it are replaced.")
    var output = "runs/demo"
    @Option(help: "Seed of order, adapters, dropout and draws (default: the recipes').")
    var seed: Int?
    @Flag(help: "Print the table as JSON.")
    var json = false

    func validate() throws {
        if let seed, seed < 0 { throw ValidationError("--seed: expected at least 0") }
    }

    func run() throws {
        let recipes = try ["sentiment-adamw", "sentiment-ivon"].map { name in
            var recipe = try ShippedRecipes.load(name)
            if let seed { recipe.seed = seed }
            return recipe.resolved()
        }
        guard let first = recipes.first else { return }
        guard FileManager.default.fileExists(atPath: first.model) else {
            throw RecipeError("\(first.model): no such file; make demo fetches model and data")
        }
        Engine.threads = first.threads ?? Engine.threads
        var table = DemoTable()
        try addBase(first, to: &table)
        for recipe in recipes { try addRun(of: recipe, to: &table) }
        if json { return try Console.printJSON(table.rows) }
        Console.print(table.text)
        Console.note("run folders: \(output)")
    }

    private func addBase(_ recipe: Recipe, to table: inout DemoTable) throws {
        let base = try LoadedModel(try ModelLocation(recipe.model))
        let data = try TrainingData(recipe, tokenizer: base.tokenizer)
        guard let test = data.test else { return }
        Console.note(
            "\(data.train.report.examples) training and \(test.report.examples) test sentences"
        )
        let watch = DemoWatch()
        let evaluation = try PartEvaluation(
            test,
            SampledPredictive(AnswerScorer(base.model, device: base.device)),
            recipe: recipe,
            progress: { watch.observe(.evaluating(done: $0, of: $1)) }
        )
        table.add("base", evaluation.results.mean, training: 0, test: watch.testSeconds(models: 1))
    }

    private func addRun(of recipe: Recipe, to table: inout DemoTable) throws {
        let name = recipe.method.rawValue
        let folder = RunFolder(URL(fileURLWithPath: output).appendingPathComponent(name))
        // A model of its own: the adapters of another run stay out.
        let model = try LoadedModel(try ModelLocation(recipe.model))
        let trainer = try Trainer(recipe, model: model, run: folder, force: true)
        let (watch, progress) = (DemoWatch(), ConsoleProgress())
        Console.note("\(name):")
        let outcome = try trainer.run { event in
            watch.observe(event)
            progress.show(event)
        }
        guard case .finished(let metrics) = outcome, let test = metrics.test else { return }
        let training = watch.trainingSeconds
        guard let draws = test.draws else {
            let seconds = watch.testSeconds(models: 1)
            return table.add("AdamW", test.mean, training: training, test: seconds)
        }
        let models = 1 + metrics.drawCount
        let one = watch.testSeconds(models: models)
        table.add("IVON@mean", test.mean, training: training, test: one)
        let all = watch.testSeconds(models: 1)
        table.add("IVON", draws, training: training, test: all - one)
    }
}

/// When the parts of a run ended.
private final class DemoWatch {
    private let clock = ContinuousClock()
    private lazy var start = clock.now
    private var marks: [(seconds: Double, done: Int, total: Int)] = []
    private(set) var trainingSeconds = 0.0

    init() { start = clock.now }

    func observe(_ event: TrainingEvent) {
        switch event {
        case .started: start = clock.now
        case .saved: trainingSeconds = elapsed
        case .evaluating(let done, let total): marks.append((elapsed, done, total))
        default: break
        }
    }

    private var elapsed: Double {
        let parts = (clock.now - start).components
        return Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
    }

    /// Seconds of the first of so many models, each evaluated on the whole test part, which is the
    /// last part of a run.
    func testSeconds(models: Int) -> Double {
        guard let last = marks.last else { return 0 }
        let test = marks.suffix(last.total)
        let before = marks.dropLast(last.total).last?.seconds ?? trainingSeconds
        let end = test.first { $0.done == last.total / models }?.seconds ?? before
        return end - before
    }
}

/// The demo's results: a row a model.
private struct DemoTable {
    struct Row: Encodable {
        let model: String
        let metrics: MetricSummary
        let trainingSeconds: Double
        let testSeconds: Double

        private enum CodingKeys: String, CodingKey {
            case model, metrics
            case trainingSeconds = "training_seconds"
            case testSeconds = "test_seconds"
        }
    }

    private(set) var rows: [Row] = []

    mutating func add(
        _ model: String,
        _ metrics: MetricSummary,
        training: Double,
        test: Double
    ) {
        rows.append(
            Row(model: model, metrics: metrics, trainingSeconds: training, testSeconds: test)
        )
    }

    var text: String {
        var table = TextTable([
            "", "ACC", "ECE", "NLL", "Brier", "training seconds", "test seconds",
        ])
        for row in rows {
            let metrics = row.metrics
            let cells = [metrics.accuracy, metrics.ece, metrics.nll, metrics.brier].map {
                $0.value.fixed(3)
            }
            let seconds = [row.trainingSeconds, row.testSeconds].map { $0.fixed(1) }
            table.add([row.model] + cells + seconds)
        }
        return table.text
    }
}
