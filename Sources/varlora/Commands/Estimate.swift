import ArgumentParser
import Foundation
import Torch
import Training

struct Estimate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what memory and time a run will take, before it starts.",
        discussion: """
            Reads the headers of the model's files and the data, and times some blocks of the
            model's sizes on this machine. Loading of the model is not in the time.

            EXAMPLES
              varlora estimate --model org/name --task my-data/ --base-precision int8
              varlora estimate --recipe arc-easy --model org/name --data arc-easy/ --json
            """
    )

    @OptionGroup var options: RecipeOptions
    @Flag(help: "Print the estimate as JSON.")
    var json = false

    func validate() throws {
        guard options.recipe == nil else { return }
        for (key, value) in [("model", options.model), ("task", options.task)]
        where value == nil && !options.sets(key) {
            throw ValidationError("--\(key) is missing")
        }
    }

    func run() throws {
        let recipe = try options.load().resolved()
        Engine.threads = recipe.threads ?? Engine.threads
        let estimate = try RunEstimate(recipe)
        if json { return try Console.printJSON(estimate) }
        Console.print(Self.memoryTable(estimate.memory).text)
        Console.print("")
        Console.print(Self.timeTable(estimate, steps: recipe.steps).text)
    }

    private static func memoryTable(_ memory: MemoryEstimate) -> TextTable {
        var table = TextTable(["peak memory", "MB"])
        let rows = [
            ("process", memory.process), ("linear layers", memory.linears),
            ("embeddings, head, norms", memory.otherWeights), ("adapters", memory.adapters),
            ("optimizer", memory.optimizer), ("posterior", memory.posterior),
            ("activations", memory.activations), ("all", memory.total),
        ]
        for (name, bytes) in rows { table.add([name, (Double(bytes) / 1e6).fixed(0)]) }
        return table
    }

    private static func timeTable(_ estimate: RunEstimate, steps: Int) -> TextTable {
        var table = TextTable(["time", "seconds"])
        let tokens = estimate.tokens.average.fixed(0)
        table.add(["a step of \(tokens) tokens", estimate.stepSeconds.fixed(3)])
        if estimate.searchSeconds > 0 {
            table.add(["search for settings", estimate.searchSeconds.fixed(1)])
        }
        table.add(["\(steps) steps", estimate.trainingSeconds.fixed(1)])
        table.add(["answers", estimate.answerSeconds.fixed(1)])
        return table
    }
}
