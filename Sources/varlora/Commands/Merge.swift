import ArgumentParser
import Foundation
import LanguageModels
import Torch
import Training

struct Merge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Merge the adapters of several runs on one base into one run.",
        discussion: """
            The runs may be of different tasks, and must have one seed, layout and base
            model. By precision each parameter counts by how sure a run is of it, and the
            merged run has the posterior of all the data; average and task-arithmetic give
            a point estimate. It has the first run's settings, and is measured on the first
            run's task or on --task; evaluate --task measures it on the others.

            EXAMPLES
              varlora merge runs/films runs/books --output runs/both
              varlora evaluate runs/both --task books/
              varlora merge runs/films runs/books --by average --weights 2,1 \\
                --output runs/both
              varlora merge runs/films runs/books --by task-arithmetic --scale 0.7 \\
                --output runs/both
            """
    )

    @Argument(help: ArgumentHelp("Folders of finished runs, two or more.", valueName: "run"))
    var runFolders: [String]
    @Option("The run folder to write.")
    var output: String
    @Option("How parameters are merged.")
    var by = MergeRule.precision
    @Option("A weight of each run, with commas between (default: all 1).")
    var weights: String?
    @Option("With --by task-arithmetic: one weight for all runs.")
    var scale: String?
    @Option("Where the runs' base model lies now (default: as the first run names it).")
    var model: String?
    @Option("The task to measure the merged run on (default: the first run's).")
    var task: String?
    @Option(of: "data") var data: String?
    @Option("cpu, cuda, cuda:N or mps.")
    var device = "cpu"
    @Option("Threads of an operation on the CPU (default: one a core).")
    var threads: String?
    @Flag(help: "Replace the run in the output folder.")
    var force = false
    @Flag(help: "Print the results as JSON.")
    var json = false

    func validate() throws {
        guard runFolders.count > 1 else {
            throw ValidationError("run: expected two runs or more, found one")
        }
        _ = try weightsOfRuns
        _ = try value("threads", threads, \.threads)
    }

    func run() throws {
        if let count = try value("threads", threads, \.threads) ?? nil { Engine.threads = count }
        var merge = try RunMerge(
            runFolders.map { RunFolder(URL(fileURLWithPath: $0)) },
            by: by,
            weights: weightsOfRuns,
            to: RunFolder(URL(fileURLWithPath: output)),
            force: force
        )
        merge.recipe.model = model ?? merge.recipe.model
        if let task { (merge.recipe.task, merge.recipe.data) = (task, nil) }
        merge.recipe.data = data ?? merge.recipe.data
        let base = try LoadedModel(
            try ModelLocation(merge.recipe.model),
            device: Device(device),
            precision: merge.recipe.precision
        )
        let results = try merge.write(merge.merged(base)) {
            Console.bar("evaluating, batch \($0)/\($1)")
            if $0 == $1 { Console.bar("") }
        }
        for warning in results.warnings ?? [] { Console.warn(warning) }
        if json { return try Console.printJSON(results) }
        let (name, part) = results.test.map { ("test", $0) } ?? ("validation", results.validation)
        Console.print(TextTable.metrics(name, part, draws: results.drawCount).text)
        Console.note("run folder: \(output)")
    }

    /// A weight of each run as the flags give it.
    private var weightsOfRuns: [Double] {
        get throws {
            func number(_ text: Substring, _ flag: String) throws -> Double {
                guard let number = Double(text), by.allows(number) else {
                    let expected = "expected \(by.expectedWeight), found \"\(text)\""
                    throw ValidationError("\(flag): \(expected)")
                }
                return number
            }
            if let scale {
                if weights != nil {
                    throw ValidationError("--scale and --weights exclude each other")
                }
                guard by == .taskArithmetic else {
                    let found = "found --by \(by.rawValue)"
                    throw ValidationError("--scale: expected --by task-arithmetic, \(found)")
                }
                let factor = try number(scale[...], "--scale")
                return runFolders.map { _ in factor }
            }
            guard let weights else { return runFolders.map { _ in 1 } }
            let numbers = try weights.split(separator: ",", omittingEmptySubsequences: false)
                .map { try number($0, "--weights") }
            guard numbers.count == runFolders.count else {
                let expected = "expected one for each of the \(runFolders.count) runs"
                throw ValidationError("--weights: \(expected), found \(numbers.count)")
            }
            return numbers
        }
    }
}

extension MergeRule: ExpressibleByArgument {}
