import Evaluation
import Foundation
import LoRA
import Metrics
import Posteriors
import TextTasks
import Torch

/// Predictions of a Laplace approximation through the model linearised at the mean: for parameters
/// with covariance `P⁻¹` the logits are normal with covariance `J P⁻¹ Jᵀ`.
///
/// Immer, Korzepa and Bauer 2021, arXiv 2008.08711; for adapters Yang et al. 2023,
/// arXiv 2308.13111. No parameter is drawn.
public struct LinearisedPredictive {
    private let scorer: AnswerScorer
    private let adapters: LoRAAdapters
    private let examples: [EncodedExample]
    private let order: EvaluationBatches

    /// A predictor for `examples`, in batches of at most `maximumTokens` tokens each.
    ///
    /// `adapters` must be attached and hold the mean.
    public init(
        _ scorer: AnswerScorer,
        adapters: LoRAAdapters,
        examples: [EncodedExample],
        maximumTokens: Int = 1024
    ) {
        self.scorer = scorer
        self.adapters = adapters
        self.examples = examples
        order = EvaluationBatches(
            lengths: examples.map(\.tokens.count),
            maximumTokens: maximumTokens
        )
    }

    /// How often `progress` is called.
    public var batchCount: Int { order.batches.count }

    /// The distribution of each example's logits under each posterior: [posteriors][examples].
    ///
    /// Each batch takes one forward pass, and one backward pass for each answer but one, however
    /// many posteriors there are. After a failure of the engine the distributions are empty; the
    /// scope that collects it throws it. `progress` is called after each batch.
    public func logitDistributions(
        under posteriors: [some LaplaceKind],
        _ progress: () -> Void = {}
    ) -> [[LogitDistribution]] {
        let results = order.map { indices in
            let pass = RecordedPass(indices.map { examples[$0] }, scorer, adapters)
            let functions = pass.gradients(pass.answerCounts.map(Self.contrasts))
            let batch = withoutGradients { distributions(pass, functions, posteriors) }
            progress()
            return batch
        }
        return posteriors.indices.map { posterior in results.map { $0[posterior] } }
    }

    /// The distribution of each example's logits under a posterior.
    public func logitDistributions(
        under posterior: some LaplaceKind,
        _ progress: () -> Void = {}
    ) -> [LogitDistribution] {
        logitDistributions(under: [posterior], progress).first ?? []
    }

    /// Predictions from the distributions of the examples' logits, at a variance scale (τ), without
    /// a pass of the model.
    public func predictions(
        _ distributions: [LogitDistribution],
        varianceScale: Double
    ) -> [Prediction] {
        let averages = distributions.predictive(varianceScale: varianceScale)
        return zip(examples, zip(distributions, averages)).map { example, answer in
            Prediction(
                id: example.id,
                label: example.label,
                probabilities: answer.1.probabilities,
                meanProbabilities: answer.0.meanProbabilities,
                mutualInformation: answer.1.mutualInformation
            )
        }
    }

    /// The posterior with the prior precision, out of some, that gives the labels of the examples
    /// the highest likelihood; the first of equals.
    ///
    /// Every example must have a label. `progress` is called after each batch.
    public func tuned<Kind: LaplaceKind>(
        _ posterior: Kind,
        priorPrecisions: [Double],
        _ progress: () -> Void = {}
    ) -> Kind {
        let candidates = priorPrecisions.map { precision in
            var candidate = posterior
            candidate.priorPrecision = precision
            return candidate
        }
        let losses = logitDistributions(under: candidates, progress).map { distributions in
            zip(examples, distributions.predictive(varianceScale: 1)).reduce(0) { sum, pair in
                guard let label = pair.0.label else {
                    preconditionFailure("a likelihood needs the label of every example")
                }
                guard label < pair.1.probabilities.count else { return sum }
                return sum - log(pair.1.probabilities[label])
            }
        }
        let best = losses.indices.min { losses[$0] < losses[$1] }
        return best.map { candidates[$0] } ?? posterior
    }

    /// The differences of logits to the first: with them all that a softmax depends on.
    private static func contrasts(_ answerCount: Int) -> [[Double]] {
        (1..<max(1, answerCount)).map { answer in
            (0..<answerCount).map { $0 == answer ? 1 : $0 == 0 ? -1 : 0 }
        }
    }

    /// The distributions of one batch: [examples][posteriors].
    private func distributions(
        _ pass: RecordedPass,
        _ functions: [[MatrixGradient]],
        _ posteriors: [some LaplaceKind]
    ) -> [[LogitDistribution]] {
        let count = pass.contrastCount
        let sums = posteriors.map { _ in
            Tensor.zeros([pass.answerCounts.count, count, count], dtype: .float64)
        }
        for matrix in (functions.first ?? []).indices {
            let jacobian = pass.jacobian(functions.map { $0[matrix] })
            let flat = [pass.answerCounts.count, count, -1]
            for (posterior, sum) in zip(posteriors, sums) {
                let rows = posterior.whitened(jacobian, of: matrix).reshaped(flat)
                sum.addInPlace(rows.matmul(rows.transposed(1, 2)).to(.cpu))
            }
        }
        let values = sums.map(\.doubles)
        return pass.answerCounts.indices.map { example in
            values.map { values in
                guard !pass.logits.isEmpty,
                    values.count == pass.answerCounts.count * count * count
                else { return LogitDistribution(mean: [], covariance: []) }
                return LogitDistribution(
                    mean: pass.logits[example],
                    covariance: Self.covariance(
                        values[example * count * count..<(example + 1) * count * count],
                        count,
                        answers: pass.answerCounts[example]
                    )
                )
            }
        }
    }

    /// The covariance of differences to the first answer, that answer's own zeros included.
    private static func covariance(
        _ values: ArraySlice<Double>,
        _ count: Int,
        answers: Int
    ) -> [[Double]] {
        (0..<answers).map { row in
            (0..<answers).map { column in
                row == 0 || column == 0
                    ? 0 : values[values.startIndex + (row - 1) * count + column - 1]
            }
        }
    }
}
