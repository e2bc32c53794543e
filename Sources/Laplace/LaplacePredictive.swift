import Evaluation
import LoRA
import Metrics
import Posteriors
import TextTasks
import Torch

/// Answers of a Laplace approximation through the model linearised at the mean; see
/// ``LinearisedPredictive``.
public struct LaplacePredictive: Predictive {
    /// One: no parameter is drawn.
    public let drawCount = 1
    /// Factor of the posterior's variance (τ).
    public let varianceScale: Double
    private let kind: any LaplaceKind
    private let scorer: AnswerScorer
    private let adapters: LoRAAdapters

    /// Answers of `kind` around the mean that the attached `adapters` hold.
    public init(
        _ kind: any LaplaceKind,
        _ scorer: AnswerScorer,
        adapters: LoRAAdapters,
        varianceScale: Double
    ) {
        self.kind = kind
        self.scorer = scorer
        self.adapters = adapters
        self.varianceScale = varianceScale
    }

    /// Answers averaged over the distribution of the logits, beside those at the mean.
    public func predictions(
        _ examples: [EncodedExample],
        maximumTokens: Int,
        progress: (_ done: Int, _ of: Int) -> Void
    ) throws -> [AveragedPrediction] {
        let predictive = LinearisedPredictive(
            scorer,
            adapters: adapters,
            examples: examples,
            maximumTokens: maximumTokens
        )
        var done = 0
        return try withTorchErrors {
            let distributions = predictive.logitDistributions(under: kind) {
                done += 1
                progress(done, predictive.batchCount)
            }
            return predictive.predictions(distributions, varianceScale: varianceScale)
                .map { AveragedPrediction($0) }
        }
    }
}
