import ArgumentParser
import Evaluation
import Foundation
import LanguageModels
import TextTasks
import Torch
import Training

/// What is evaluated: a run, or a base model; and on which task.
struct SubjectOptions: ParsableArguments {
    @Option("The base model: instead of a run, or where the run's base lies now.")
    var model: String?
    @Option("The task (default: the run's).")
    var task: String?
    @Option("The folder of the named data set (default: the run's, or below $VARLORA_DATA).")
    var data: String?
    @Option("Whether prompts are asked in the chat template (default: the run's, or false).")
    var chat: String?
    @Option("Tokens of the longest prompt (default: the run's, or 320).")
    var maxLength: String?
    @Option("Orders of listed options to average over (default: the run's, or 1).")
    var orders: String?
    @Option("How a Laplace approximation answers (default: the run's).")
    var predictive: LaplacePredictive?
    @Option("Seed of the draws, and without a run of the split (default: the run's, or 21).")
    var seed: String?
    @Option("cpu, cuda, cuda:N or mps.")
    var device = "cpu"
    @Option("Precision of the linear layers (default: the run's, or float32).")
    var basePrecision: WeightFormat?
    @Option("Precision of products and activations (default: the run's, or that of the device).")
    var compute: ComputeType?
    @Option("Threads of an operation on the CPU (default: one a core).")
    var threads: String?

    func validate(run: String?) throws {
        if run == nil && model == nil {
            throw ValidationError("a run folder or --model is missing")
        }
        if run == nil, predictive != nil {
            throw ValidationError("--predictive: a base model has no posterior")
        }
        _ = try value("threads", threads, \.threads)
        _ = try value("chat", chat, \.chat)
        _ = try value("max-length", maxLength, \.maxLength)
        _ = try value("seed", seed, \.seed)
        _ = try value("orders", orders, \.orders)
    }

    /// Loads the run, or the base model alone.
    func load(run: String?) throws -> Subject {
        if let count = try value("threads", threads, \.threads) ?? nil { Engine.threads = count }
        let folder = run.map { RunFolder(URL(fileURLWithPath: $0)) }
        let stored = try folder?.readRecipe() ?? Recipe()
        var recipe = try folder?.readAnsweringRecipe() ?? stored
        var trainingRecipe = stored
        trainingRecipe.data = data ?? stored.data
        // The prompts of published data sets are the paper's, whatever the run was trained on.
        if TextTask.names.contains(task ?? recipe.task) { recipe.listOptions = stored.listOptions }
        if let model { recipe.model = model }
        if let task {
            recipe.task = task
            recipe.data = nil
        }
        if let data { recipe.data = data }
        recipe.chat = try value("chat", chat, \.chat) ?? recipe.chat
        recipe.maxLength = try value("max-length", maxLength, \.maxLength) ?? recipe.maxLength
        recipe.orders = try value("orders", orders, \.orders) ?? recipe.orders
        if let seed = try value("seed", seed, \.seed) {
            // The draws move; what the run was trained on does not.
            if folder != nil { recipe.splitSeed = recipe.splitSeed ?? recipe.seed }
            recipe.seed = seed
        }
        recipe.basePrecision = basePrecision ?? recipe.basePrecision
        recipe.compute = compute ?? recipe.compute
        recipe.device = device
        let base = try LoadedModel(
            try ModelLocation(recipe.model),
            device: RankOptions.launch().device(device),
            precision: recipe.precision
        )
        for warning in base.warnings { Console.warn(warning) }
        var trained = try folder.map { try TrainedRun($0, recipe: recipe, model: base) }
        if let predictive { trained = try trained?.answering(by: predictive) }
        return Subject(
            recipe: recipe,
            base: base,
            trained: trained,
            labels: try labels(of: recipe, run: folder),
            training: task == nil ? folder.map { ($0, trainingRecipe) } : nil,
            statedListing: stored.listOptions
        )
    }

    /// The labels between which texts choose: those of another task that is asked for, where it has
    /// some, or the run's.
    private func labels(of recipe: Recipe, run: RunFolder?) throws -> [String]? {
        if let task, !TextTask.names.contains(task), let labels = try recipe.textTask().labels() {
            return labels
        }
        return try run?.readLabels()
    }
}

extension WeightFormat: ExpressibleByArgument {}
extension ComputeType: ExpressibleByArgument {}
extension LaplacePredictive: ExpressibleByArgument {}

/// A loaded run, or a base model alone.
struct Subject {
    let recipe: Recipe
    let base: LoadedModel
    let trained: TrainedRun?
    /// The labels between which texts choose; nil for other rows.
    let labels: [String]?
    /// The run and how it was trained, where the task is the one that it was trained on.
    let training: (run: RunFolder, recipe: Recipe)?
    /// Whether the run's own recipe says that options are listed.
    let statedListing: Bool?

    /// How the run answers, or the base model alone; the ranks of `group` share the work.
    func predictive(
        draws: Int?,
        varianceScale: Double?,
        group: ProcessGroup? = nil
    ) throws -> any Predictive {
        try trained?.predictive(draws: draws, varianceScale: varianceScale, group: group)
            ?? DrawnAnswers(
                AnswerScorer(base.model, adapters: nil, device: base.device),
                group: group
            )
    }

    /// All rows of a file, labelled or not, put as the run was trained.
    func load(_ file: String, ignoringLabels: Bool = false) throws -> LoadedExamples {
        try TextTask.load(
            file: URL(fileURLWithPath: file),
            task: recipe.task,
            style: recipe.promptStyle,
            labels: labels,
            ignoringLabels: ignoringLabels
        )
    }

    /// Checks that the run's own task still has the labels that the run chose between.
    private func checkLabels(of task: TextTask) throws {
        guard training != nil, let labels, let found = try task.labels(), found != labels else {
            return
        }
        let (new, gone) = (Set(found).subtracting(labels), Set(labels).subtracting(found))
        throw TrainingError.mismatch(
            file: recipe.task,
            key: "labels",
            expected: "the \(labels.count) of the run" + Self.named(gone),
            found: "\(found.count)" + Self.named(new)
        )
    }

    private static func named(_ labels: Set<String>) -> String {
        labels.min().map { ", \"\($0)\" among them" } ?? ""
    }

    /// The first examples of a part, or all, split off as the run did.
    func load(_ split: Split, limit: Int?) throws -> LoadedExamples {
        let task = try recipe.textTask()
        guard let training else {
            return try task.load(split, seed: recipe.seedOfSplit, limit: limit)
        }
        try checkLabels(of: task)
        let part = try recipe.part(split, of: task, limit: limit)
        if split != .train {
            try training.run.check(isUnseen: part, training.recipe, base.tokenizer)
        }
        return part
    }

    /// Encodes examples, and says what was truncated or left out.
    func encode(_ loaded: LoadedExamples) throws -> EncodedPart {
        let part = try EncodedPart(loaded, recipe: recipe, tokenizer: base.tokenizer)
        try part.check(fits: base)
        if part.leftOut > 0 {
            Console.note("\(loaded.file): \(part.leftOut) questions without four choices left out")
        }
        if part.report.truncated > 0 {
            Console.note("\(loaded.file): \(part.report.truncated) prompts truncated")
        }
        return part
    }
}
