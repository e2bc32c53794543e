import Foundation
import Metrics
import Posteriors
import TextTasks
import Torch

/// How a model with a posterior answers.
public protocol Predictive {
    /// Number of draws of the parameters behind an answer; 1 without draws.
    var drawCount: Int { get }

    /// Factor of the posterior's variance (τ); 0 for a point estimate.
    var varianceScale: Double { get }

    /// Answers to examples, beside those at the mean where the two differ.
    ///
    /// Batches have at most `maximumTokens` tokens; `progress` is told how many batches of how
    /// many are done, by this process.
    ///
    /// - Throws: `TorchError` when the engine fails.
    func predictions(
        _ examples: [EncodedExample],
        maximumTokens: Int,
        progress: (_ done: Int, _ of: Int) -> Void
    ) throws -> [AveragedPrediction]
}

extension Predictive {
    /// Answers to examples without a report of progress.
    ///
    /// - Throws: as the method with progress does.
    public func predictions(
        _ examples: [EncodedExample],
        maximumTokens: Int
    ) throws -> [AveragedPrediction] {
        try predictions(examples, maximumTokens: maximumTokens) { _, _ in }
    }
}

/// Answers averaged over draws of the parameters, or given by the parameters as they are.
public struct SampledPredictive: Predictive {
    /// The model with the posterior's mean in its parameters.
    public let scorer: AnswerScorer
    /// What to draw from; none to answer at the mean alone.
    public let posterior: ParameterPosterior?
    /// What logits are divided by before the softmax.
    public let temperature: Double
    /// Ranks that share the batches of each draw; all get all answers.
    public let group: ProcessGroup?

    /// Answers of a model; with a posterior, averaged over its draws.
    public init(
        _ scorer: AnswerScorer,
        posterior: ParameterPosterior? = nil,
        temperature: Double = 1,
        group: ProcessGroup? = nil
    ) {
        self.scorer = scorer
        self.posterior = posterior
        self.temperature = temperature
        self.group = group
    }

    /// Number of draws behind an answer; 1 without a posterior.
    public var drawCount: Int { posterior?.drawCount ?? 1 }

    /// Factor of the posterior's variance (τ); 0 without a posterior.
    public var varianceScale: Double { posterior?.varianceScale ?? 0 }

    /// Answers averaged over the draws, beside those at the mean.
    public func predictions(
        _ examples: [EncodedExample],
        maximumTokens: Int,
        progress: (_ done: Int, _ of: Int) -> Void
    ) throws -> [AveragedPrediction] {
        let predictor = Predictor(
            scorer,
            examples: examples,
            maximumTokens: maximumTokens,
            temperature: temperature,
            group: group
        )
        let total = predictor.batchCount * (1 + (posterior?.drawCount ?? 0))
        var done = 0
        func count() {
            done += 1
            progress(done, total)
        }
        return try withTorchErrors {
            guard let posterior else { return predictor.predictions(PointEstimate(), count) }
            let mean = predictor.logProbabilities(count)
            return predictor.predictions(posterior, mean: mean, count)
        }
    }
}
