import Evaluation
import Foundation
import LanguageModels
import LoRA
import Metrics
import RunFiles
import TextTasks
import Torch
import Training

/// A model that answers on the engine's thread.
struct LoadedSubject {
    /// Makes its questions.
    let reader: QuestionReader
    /// Answers questions, packed together.
    let predictions: (_ examples: [EncodedExample]) throws -> [AveragedPrediction]
    /// Whether the run's policy is to leave a question to someone else; nil without a policy.
    var abstains: ((Prediction) -> Bool)?
}

/// What is to be served: finished runs and an untouched base, by name.
public struct ServedSubjects: Sendable {
    /// How many draws answer where it is not the run's number.
    private let draws: Int?
    private let runs: [(folder: RunFolder, recipe: Recipe)]
    private let base: String?
    /// What is served, runs first, in the order given.
    public let models: [ServedModel]

    /// Finds the runs, and the base that answers as it is.
    ///
    /// A run's name is its folder's, and a base's the last part of its path.
    ///
    /// - Throws: ``ServingError`` where there is nothing, or two have one name; `TrainingError` and
    ///   others where a folder holds no finished run.
    public init(runs: [String], base: String?, draws: Int? = nil) throws {
        guard !runs.isEmpty || base != nil else { throw ServingError.nothingToServe }
        self.draws = draws
        self.base = base
        var places: [(name: String, place: String)] = []
        var models: [ServedModel] = []
        func add(_ place: String, _ description: String, dated file: URL) throws {
            let name = URL(fileURLWithPath: place).standardizedFileURL.lastPathComponent
            if let other = places.first(where: { $0.name == name }) {
                throw ServingError.sameName(name, first: other.place, second: place)
            }
            places.append((name, place))
            models.append(
                ServedModel(name: name, description: description, releaseDate: file.day)
            )
        }
        self.runs = try runs.map { place in
            let folder = RunFolder(URL(fileURLWithPath: place))
            let recipe = try folder.readAnsweringRecipe()
            guard try folder.readMetrics() != nil else {
                throw TrainingError.unfinished(folder: folder.url.path)
            }
            let method = recipe.method.rawValue
            let model = URL(fileURLWithPath: recipe.model).lastPathComponent
            try add(place, "\(model), fine-tuned by \(method).", dated: folder.metrics)
            return (folder, recipe)
        }
        if let base {
            let file = try ModelLocation(base).url
            try add(base, "An untouched model.", dated: file)
        }
        self.models = models
    }

    /// What people should know about how they compute.
    ///
    /// - Throws: an error where a recipe names no device.
    public var warnings: [String] {
        get throws {
            let all = try runs.flatMap { folder, recipe in
                var warnings = try recipe.precision.warnings(on: Device(recipe.device))
                if let draws, draws != recipe.draws, try folder.readPolicy() != nil {
                    warnings.append(
                        "\(folder.url.relativePath): the policy was decided with \(recipe.draws) "
                            + "draws and not \(draws): what it promises may not hold"
                    )
                }
                return warnings
            }
            return Set(all).sorted()
        }
    }

    /// Loads all of them, each base model once.
    ///
    /// - Throws: an error that names file, key, expected and found.
    func load(_ limits: ServiceLimits) throws -> [LoadedSubject] {
        var bases: [BaseKey: SharedBase] = [:]
        func shared(_ recipe: Recipe) throws -> SharedBase {
            let key = BaseKey(model: recipe.model, precision: recipe.precision)
            if let known = bases[key] { return known }
            let loaded = try SharedBase(
                LoadedModel(
                    try ModelLocation(recipe.model),
                    device: Device(recipe.device),
                    precision: recipe.precision
                )
            )
            bases[key] = loaded
            return loaded
        }
        var subjects = try runs.map { folder, recipe in
            var subject = try shared(recipe).subject(
                TrainedRun(folder, recipe: recipe, model: shared(recipe).model),
                draws: draws,
                limits
            )
            subject.abstains = try folder.readPolicy().map { policy in
                { !policy.rule.answers($0) }
            }
            return subject
        }
        if let base {
            var recipe = Recipe()
            recipe.model = base
            subjects.append(try shared(recipe).subject(recipe, limits))
        }
        return subjects
    }
}

/// What a base model is loaded by.
private struct BaseKey: Hashable {
    let model: String
    let precision: Precision
}

/// A base model that several runs answer with, one after another.
private final class SharedBase {
    let model: LoadedModel
    /// The adapters of all runs, of which one at most is in the model's layers.
    private var adapters: [LoRAAdapters] = []

    init(_ model: LoadedModel) {
        self.model = model
    }

    func subject(
        _ run: TrainedRun,
        draws: Int?,
        _ limits: ServiceLimits
    ) throws -> LoadedSubject {
        let own = run.adapted.adapters
        adapters.append(own)
        let predictive = try run.predictive(draws: run.posterior == nil ? nil : draws)
        return try subject(run.recipe, predictive, limits) { if !own.isAttached { own.attach() } }
    }

    /// The base as it is.
    func subject(_ recipe: Recipe, _ limits: ServiceLimits) throws -> LoadedSubject {
        let scorer = AnswerScorer(model.model, adapters: nil, device: model.device)
        return try subject(recipe, DrawnAnswers(scorer), limits) { [self] in
            for one in adapters { one.detach() }
        }
    }

    private func subject(
        _ recipe: Recipe,
        _ predictive: any Predictive,
        _ limits: ServiceLimits,
        attach: @escaping () -> Void
    ) throws -> LoadedSubject {
        LoadedSubject(
            reader: try QuestionReader(model, recipe, limits: limits)
        ) { examples in
            attach()
            return try predictive.predictions(examples, maximumTokens: recipe.evalTokens)
        }
    }
}

extension URL {
    /// The day that the file was changed last, as `2026-11-28`, in UTC.
    fileprivate var day: String {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let date = attributes?[.modificationDate] as? Date ?? Date(timeIntervalSince1970: 0)
        return date.formatted(.iso8601.year().month().day())
    }
}
