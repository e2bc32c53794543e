import Evaluation
import Foundation
import LoRA
import Metrics
import Posteriors
import TensorFiles
import TextTasks
import Torch

/// `metrics.json`: the results of a run with what is needed to read them.
public struct RunMetrics: Codable, Equatable, Sendable {
    /// The results of one part.
    public struct Part: Codable, Equatable, Sendable {
        /// At the posterior mean, or of the point estimate.
        public var mean: MetricSummary
        /// Averaged over draws; absent for a point estimate.
        public var draws: MetricSummary?
        /// Number of examples, truncated prompts, longest prompt in tokens.
        public var encoding: EncodingReport
        /// Questions left out because they have not four choices.
        public var leftOut: Int

        private enum CodingKeys: String, CodingKey {
            case mean, draws, encoding
            case leftOut = "left_out"
        }
    }

    /// How the adapter was trained.
    public var method: String
    /// The base model as the recipe names it.
    public var model: String
    /// Fingerprint of the base model's weights.
    public var fingerprint: String
    /// The task as the recipe names it.
    public var task: String
    /// The seed of the run.
    public var seed: Int
    /// Optimizer steps.
    public var steps: Int
    /// Draws behind the averaged predictions.
    public var drawCount: Int
    /// Factor of the posterior's variance in the draws (τ).
    public var varianceScale: Double
    /// Trainable parameters.
    public var parameters: Int
    /// What the posterior looks like, for IVON.
    public var posterior: PosteriorHealth?
    /// Training examples.
    public var train: EncodingReport
    /// Results on the part that settings may be chosen by.
    public var validation: Part
    /// Results on the test part, where there is one.
    public var test: Part?

    private enum CodingKeys: String, CodingKey {
        case method, model, task, seed, steps, parameters, posterior, train, validation, test
        case fingerprint = "model_fingerprint"
        case drawCount = "draws"
        case varianceScale = "posterior_variance_scale"
    }
}

/// Evaluates a trained adapter and writes all result files of a run, `metrics.json` last.
struct RunResults {
    let recipe: Recipe
    let adapted: AdaptedModel
    let data: TrainingData
    let run: RunFolder

    func write(
        hessian: Tensor?,
        progress: (_ done: Int, _ of: Int) -> Void
    ) throws -> RunMetrics {
        try PEFTFolder.write(
            adapted.adapters.layout,
            values: adapted.values,
            baseModel: recipe.model,
            to: run.url
        )
        var posterior: DiagonalGaussian?
        if let hessian {
            let file = posteriorFile
            try file.write(hessian: hessian, of: adapted.parameters, to: run.posterior)
            posterior = DiagonalGaussian(
                around: adapted.parameters,
                standardDeviation: file.standardDeviation(hessian: hessian),
                varianceScale: recipe.varianceScale,
                drawCount: recipe.draws,
                seed: UInt64(recipe.seed)
            )
        }
        let metrics = RunMetrics(
            method: recipe.method.rawValue,
            model: recipe.model,
            fingerprint: adapted.base.fingerprint,
            task: recipe.task,
            seed: recipe.seed,
            steps: recipe.steps,
            drawCount: posterior?.drawCount ?? 1,
            varianceScale: posterior == nil ? 0 : recipe.varianceScale,
            parameters: adapted.parameters.count,
            posterior: hessian.map { posteriorHealth($0) },
            train: data.train.report,
            validation: try evaluate(data.validation, "validation", posterior, progress),
            test: try data.test.map { try evaluate($0, "test", posterior, progress) }
        )
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(try encoder.encode(metrics) + Data("\n".utf8), to: run.metrics)
        return metrics
    }

    private var posteriorFile: PosteriorFile {
        PosteriorFile(
            method: recipe.method.rawValue,
            effectiveSampleSize: recipe.ess,
            weightDecay: recipe.weightDecay,
            hessianInitialization: recipe.hessInit,
            varianceScale: recipe.varianceScale,
            model: adapted.base.fingerprint,
            mean: PosteriorFile.hash(of: adapted.parameters.values)
        )
    }

    private func posteriorHealth(_ hessian: Tensor) -> PosteriorHealth {
        PosteriorHealth(
            clippedShare: nil,
            hessianRatio: (hessian * (1 / recipe.hessInit)).quantiles([0.05, 0.5, 0.95]),
            standardDeviation: posteriorFile.standardDeviation(hessian: hessian).mean().item
        )
    }

    private func evaluate(
        _ part: TrainingData.Part,
        _ name: String,
        _ posterior: DiagonalGaussian?,
        _ progress: (Int, Int) -> Void
    ) throws -> RunMetrics.Part {
        let evaluation = try withTorchErrors {
            try PartEvaluation(
                part,
                scorer: adapted.scorer,
                posterior: posterior,
                recipe: recipe,
                progress: progress
            )
        }
        try evaluation.predictions.map(\.prediction).write(to: run.predictions(name))
        return evaluation.results
    }
}

/// Predictions and metrics of one part, at the mean and averaged over draws.
public struct PartEvaluation {
    /// One prediction an example, in the order of the part.
    public let predictions: [AveragedPrediction]
    /// The metrics at the mean and, with a posterior, averaged over its draws.
    public let results: RunMetrics.Part

    /// Evaluates a part at the mean and, when there is a posterior, over its draws.
    ///
    /// `progress` is told how many batches of how many are done.
    ///
    /// - Throws: `MetricError` for a part without labels.
    public init(
        _ part: TrainingData.Part,
        scorer: AnswerScorer,
        posterior: DiagonalGaussian?,
        recipe: Recipe,
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws {
        let predictor = Predictor(
            scorer,
            examples: part.examples,
            maximumTokens: recipe.evalTokens
        )
        let total = predictor.batchCount * (1 + (posterior?.drawCount ?? 0))
        var done = 0
        func count() {
            done += 1
            progress(done, total)
        }
        if let posterior {
            let mean = predictor.logProbabilities(count)
            predictions = predictor.predictions(posterior, mean: mean, count)
        } else {
            predictions = predictor.predictions(PointEstimate(), count)
        }
        let seed = UInt64(recipe.seed)
        let rows = predictions.map(\.prediction)
        results = RunMetrics.Part(
            mean: try MetricSummary(rows.map { $0.atMean ?? $0 }, seed: seed),
            draws: try posterior.map { _ in try MetricSummary(rows, seed: seed) },
            encoding: part.report,
            leftOut: part.leftOut
        )
    }
}
