import Evaluation
import LanguageModels
import LoRA
import Metrics
import TextTasks
import Tokenization
import Torch

/// Choosing the right answer: the cross-entropy of each example's label, or of its targets, among
/// its answers.
public struct AnswerObjective: Objective {
    private let data: TrainingData
    private let recipe: Recipe

    /// The objective of a recipe on data that are loaded already.
    public init(_ recipe: Recipe, data: TrainingData) {
        self.data = data
        self.recipe = recipe
    }

    /// The objective of a recipe on the data that it names.
    ///
    /// - Throws: an error that names file, line or id, expected and found.
    public init(_ recipe: Recipe, tokenizer: Tokenizer) throws {
        self.init(recipe, data: try TrainingData(recipe, tokenizer: tokenizer))
    }

    private var parts: [(name: String, part: EncodedPart)] {
        [("training", data.train), ("validation", data.validation)]
            + (data.test.map { [("test", $0)] } ?? [])
    }

    /// Number of training examples, those of one state counted as one, and as often as training
    /// puts their options in another order.
    public var exampleCount: Int {
        data.train.units.count * (recipe.trainOrders ? recipe.orders : 1)
    }

    /// Short names of the parts' examples.
    public var fingerprints: [String: String] {
        Dictionary(uniqueKeysWithValues: parts.map { ("\($0.name) data", $0.part.fingerprint) })
    }

    /// The id of a training example, of the first of its state.
    public func name(of example: Int) -> String { data.train.examples(of: [example])[0].id }

    /// Tokens of the prompt and the answers of a training example.
    public func tokenCount(of example: Int) -> Int { data.train.length(of: example) }

    /// The cross-entropies of a training example: one for each question about its state.
    public func termCount(of example: Int) -> Int {
        data.train.units[example % data.train.units.count].count
    }

    /// Checks that a model can take every prompt.
    public func check(fits model: LoadedModel) throws {
        for (_, part) in parts { try part.check(fits: model) }
    }

    /// The cross-entropies of some training examples.
    public func loss(of examples: [Int], _ model: AdaptedModel) -> ObjectiveLoss {
        let batch = AnswerBatch(data.train.examples(of: examples))
        return ObjectiveLoss(
            sum: model.scorer.loss(batch),
            batch: batch.packed,
            logits: batch.logitCount(vocabularySize: model.base.sizes.vocabularySize)
        )
    }

    /// The log probabilities of the answers to some training examples.
    public func logProbabilities(of examples: [Int], _ model: AdaptedModel) -> Tensor {
        model.scorer.logProbabilities(AnswerBatch(data.train.examples(of: examples)))
    }

    /// The metrics of the validation part.
    public func evaluated(
        _ model: AdaptedModel,
        after step: Int,
        group: ProcessGroup?,
        progress: (_ done: Int, _ of: Int) -> Void
    ) throws -> HistoryRecord {
        let answers = try DrawnAnswers(model.scorer, group: group).predictions(
            data.validation.examples,
            maximumTokens: recipe.evalTokens,
            progress: progress
        )
        return HistoryRecord(
            step: step,
            split: .validation,
            metrics: try MetricSummary(answers.map(\.prediction), seed: UInt64(recipe.seed))
        )
    }

    /// Answers the validation and test parts, and writes adapter, posterior, predictions and
    /// metrics.
    public func writeResults(
        of trained: TrainedRun,
        health: PosteriorHealth?,
        to run: RunFolder,
        group: ProcessGroup?,
        progress: (_ done: Int, _ of: Int) -> Void
    ) throws -> RunMetrics {
        let isFirst = group?.launch.isFirst ?? true
        if isFirst {
            try trained.write(to: run)
            try data.write(to: run)
        }
        let predictive = try trained.predictive(group: group)
        var warnings: [String] = []
        func results(_ part: EncodedPart, _ split: Split) throws -> RunMetrics.Part {
            let evaluation = try PartEvaluation(
                part,
                predictive,
                recipe: recipe,
                progress: progress
            )
            let answers = evaluation.predictions.map(\.prediction)
            if isFirst { try part.write(answers, as: split.rawValue, to: run) }
            if split == .validation {
                warnings = try trained.signsOfDivergence(part, answers, group: group)
            }
            return evaluation.results
        }
        var metrics = RunMetrics(
            trained,
            method: recipe.method.rawValue,
            predictive,
            train: data.train,
            validation: try results(data.validation, .validation),
            test: try data.test.map { try results($0, .test) }
        )
        (metrics.ranks, metrics.posterior) = (group?.size, health)
        metrics.warnings = warnings.isEmpty ? nil : warnings
        if isFirst { try metrics.write(to: run.metrics) }
        return metrics
    }
}

extension RunMetrics {
    /// The results of a trained model: what they are about, and the metrics of its parts.
    package init(
        _ trained: TrainedRun,
        method: String,
        _ predictive: any Predictive,
        train: EncodedPart,
        validation: Part,
        test: Part?
    ) {
        self.init(
            method: method,
            posteriorKind: trained.posteriorFile?.method,
            model: trained.recipe.model,
            fingerprint: trained.adapted.base.fingerprint,
            task: trained.recipe.task,
            seed: trained.recipe.seed,
            steps: trained.recipe.steps,
            drawCount: predictive.drawCount,
            varianceScale: predictive.varianceScale,
            parameters: trained.adapted.parameters.count,
            train: train.report,
            trainingData: train.fingerprint,
            validation: validation,
            test: test
        )
    }
}
