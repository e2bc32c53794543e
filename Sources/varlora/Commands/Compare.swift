import ArgumentParser
import Comparison
import Foundation
import Reporting
import Training

struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run every method on the same tasks, seeds and batches, and tabulate them.",
        discussion: """
            One AdamW and one IVON training a task and seed give most rows: base, map,
            mc-dropout, laplace-diagonal, laplace-kfac, swa, swag, ensemble, temperature,
            tfb, ivon-mean and ivon; and with a variance scale chosen on the validation
            part swag-tuned, laplace-diagonal-tuned, laplace-kfac-tuned, tfb-tuned and
            ivon-tuned. By trainings of their own come early-stopping, and ivon-auto with
            ivon-auto-mean.

            Keys of a recipe hold for all trainings, but for --method and --keep-step,
            which a comparison sets; --adamw and --ivon set keys of one of them. What the
            folder holds already is kept: --resume goes on where a comparison was stopped,
            or adds methods, seeds and tasks. Tables have the rows that are asked for.

            EXAMPLES
              varlora compare --model model.gguf --task my-data/ --seeds 21,42,87 \\
                  --steps 100 --adamw learning-rate=1e-4 --ivon learning-rate=0.2 \\
                  --output comparison
              varlora compare --recipe paper-table-1 --dry-run --output comparison
            """
    )

    @OptionGroup var options: RecipeOptions
    @OptionGroup var comparison: ComparisonOptions
    @Option("The folder of the comparison.")
    var output: String
    @Flag(help: "Go on with the comparison in the output folder.")
    var resume = false
    @Option(
        help: """
            Tasks and seeds that run at once, each in a process of its own, which share the \
            cores. What is computed is the same with the same --threads.
            """
    )
    var jobs = 1
    /// What a process of several is to run.
    @Option(help: .hidden)
    var cell: Int?
    @Flag(help: "List the trainings with estimates of memory and time, and run nothing.")
    var dryRun = false
    @Flag(help: "Print the results as JSON.")
    var json = false

    func validate() throws {
        if jobs < 1 { throw ValidationError("--jobs: expected 1 or more, found \(jobs)") }
        let keys = try options.overrides.map(\.key)
        if let key = keys.first(where: { ["method", "keep-step"].contains($0) }) {
            throw ValidationError(
                "--\(key): a comparison has both methods and sets it by itself; --adamw and --ivon "
                    + "set keys of one"
            )
        }
    }

    func run() throws {
        let plan = try comparison.plan(options)
        if dryRun { return Console.print(DryRun(plan).text) }
        let ranks = try RankOptions.launch().size
        if ranks > 1 {
            throw RecipeError("compare: expected one process, found a launch of \(ranks) ranks")
        }
        let folder = URL(fileURLWithPath: output)
        if let cell { return try ComparisonRun(plan, in: folder).complete(cell: cell) }
        if try Comparison.exists(in: folder), !resume {
            throw ComparisonError.exists(output)
        }
        let run = ComparisonRun(plan, in: folder)
        let results = try run.results(jobs: jobs, toGoOn: "the same command with --resume")
        let tables = try run.writeTables()
        if json { return try Console.printJSON(results) }
        Console.print(tables.text)
        Console.note("results and tables are in \(output); varlora report \(output) makes a page")
    }
}
