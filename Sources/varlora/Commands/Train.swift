import ArgumentParser
import Foundation
import LanguageModels
import LoRA
import Torch
import Training

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train an adapter and write a run folder.",
        discussion: """
            EXAMPLES
              varlora train --model model.gguf --task my-data/ --output runs/first
              varlora train --recipe arc-easy --model org/name --data arc-easy/ --output runs/arc
              varlora train --resume --output runs/arc
              torchrun --no-python --nproc-per-node 2 varlora train --output runs/arc ...

            A folder of JSON Lines holds train.jsonl and, if you have them, validation.jsonl and
            test.jsonl, with lines such as
              {"prompt": "The sky is", "choices": ["blue", "green"], "label": 0}

            SIGINT (Ctrl-C), SIGTERM and SIGHUP save the step and stop with 128 + the signal's
            number; --resume goes on. A second one ends at once.
            """
    )

    @OptionGroup var options: RecipeOptions
    @Option("The run folder to write.")
    var output: String
    @Flag(help: "Go on after the last checkpoint of the run in the output folder.")
    var resume = false
    @Flag(help: "Replace the run in the output folder.")
    var force = false
    @Flag(help: "Say where the time of the steps went, after training.")
    var profile = false
    @OptionGroup var ranks: RankOptions
    @Flag(help: "Print the results as JSON.")
    var json = false

    func validate() throws {
        if resume && force { throw ValidationError("--resume and --force exclude each other") }
        // Rank 0 has the run's folder, and gives the others the recipe of a run to go on with.
        if let launch = try? RankOptions.launch(), !launch.isFirst { return }
        // What cannot be told now is told when the run is read.
        let run = RunFolder(URL(fileURLWithPath: output))
        let stored = resume && (try? run.holdsRun) ?? true
        if options.recipe == nil && !stored {
            if resume && options.flags.isEmpty && options.settings.isEmpty {
                throw ValidationError("--resume: \(output) holds no run to go on with")
            }
            if options.model == nil && !options.sets("model") {
                throw ValidationError("--model is missing")
            }
            if options.task == nil && !options.sets("task") {
                throw ValidationError("--task is missing")
            }
        }
    }

    func run() throws {
        let launch = try RankOptions.launch()
        try ranks.join { try train(as: launch, with: $0) }
    }

    private func train(as launch: Launch, with group: ProcessGroup?) throws {
        let run = RunFolder(URL(fileURLWithPath: output))
        let goesOn = try resume || run.isRun(of: launch)
        let stored = try StoredRun(of: run, goesOn: goesOn).shared(by: group)
        let recipe = try options.load(over: stored.base()).resolved()
        if launch.isFirst { try run.check(recipe, resume: goesOn, force: force) }
        if stored.isFinished {
            Console.note("\(output): the run is finished; nothing is left to do")
            if let finished = try run.readMetrics() { try show(finished) }
            return
        }
        Engine.threads = recipe.threads ?? Engine.threads
        let model = try LoadedModel(
            try ModelLocation(recipe.model),
            device: launch.device(recipe.device),
            precision: recipe.precision
        )
        let data = try TrainingData(recipe, tokenizer: model.tokenizer)
        for warning in model.warnings { Console.warn(warning) }
        let unread = recipe.unreadKeys.joined(separator: ", ")
        if !unread.isEmpty { Console.warn("\(unread): without effect by \(recipe.method)") }
        report(data)
        if recipe.method.searchAnswers > 0 {
            Console.note("\(recipe.method) finds its settings by what draws do to the answers")
        }
        let trainer = try Trainer(
            recipe,
            model: model,
            objective: AnswerObjective(recipe, data: data),
            run: run,
            resume: goesOn,
            force: force,
            group: group,
            launcher: launch.launcher
        )
        StopRequest.say("stopped before the results; \(goOn)")
        let outcome = try trainer.run(observer: ConsoleProgress().show) { StopRequest.isMade }
        if profile { try show(trainer.profile, recipe, model) }
        switch outcome {
        case .finished(let metrics): try show(metrics)
        case .stopped(let step):
            Console.note("stopped and saved after step \(step); \(goOn)")
            throw StopRequest.exitCode
        }
    }

    /// What the folder holds of a run to go on with.
    private struct StoredRun: Codable {
        var recipe: String?
        var isFinished = false

        init(of run: RunFolder, goesOn: Bool) throws {
            guard try goesOn && run.holdsRun else { return }
            recipe = try run.readRecipe().yaml
            isFinished = try run.readMetrics() != nil
        }

        /// What rank 0 has found, whose folder it is.
        func shared(by group: ProcessGroup?) throws -> StoredRun {
            guard let group else { return self }
            let found = try group.broadcast(try JSONEncoder().encode(self))
            return try JSONDecoder().decode(StoredRun.self, from: found)
        }

        func base() throws -> Recipe {
            try recipe.map { try Recipe(yaml: $0, place: "recipe.yaml") } ?? Recipe()
        }
    }

    private var goOn: String { "go on with: varlora train --resume --output \(output)" }

    private func report(_ data: TrainingData) {
        for warning in data.warnings { Console.warn(warning) }
        for (name, part) in [
            ("train", data.train), ("validation", data.validation), ("test", data.test),
        ] {
            guard let part else { continue }
            let leftOut = part.leftOut > 0 ? ", \(part.leftOut) left out (not four choices)" : ""
            Console.note(
                "\(name): \(part.report.examples) examples, longest \(part.report.longest) tokens, "
                    + "\(part.report.truncated) truncated\(leftOut)"
            )
        }
    }

    /// Prints where the time went; apart from the results where these are JSON.
    private func show(
        _ profile: TrainingProfile,
        _ recipe: Recipe,
        _ model: LoadedModel
    ) throws {
        let rows = profile.tokens / max(1, profile.passes)
        let rate = try MachineLimits.matrixProductRate(of: model, rows: max(1, rows))
        let table = ProfileTable(
            profile,
            method: recipe.method.rawValue,
            device: model.device,
            rate: rate
        )
        json ? Console.note(table.text) : Console.print(table.text)
    }

    private func show(_ metrics: RunMetrics) throws {
        if json { return try Console.printJSON(metrics) }
        let (name, part) = metrics.test.map { ("test", $0) } ?? ("validation", metrics.validation)
        Console.print(TextTable.metrics(name, part, draws: metrics.drawCount).text)
        Console.note("run folder: \(output)")
    }
}
