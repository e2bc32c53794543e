import Foundation
import Metrics
import Posteriors
import TextTasks
import Torch

/// Predictive distributions over a set of examples.
///
/// Every draw of the posterior is one model for all examples; probabilities are averaged, not
/// logits, since the mean of the logits is close to the prediction of the mean.
public struct Predictor {
    private let scorer: AnswerScorer
    private let batches: [PackedBatch]
    private let order: EvaluationBatches
    private let examples: [EncodedExample]

    /// A predictor for `examples`, in batches of at most `maximumTokens` tokens each.
    public init(_ scorer: AnswerScorer, examples: [EncodedExample], maximumTokens: Int = 1024) {
        self.scorer = scorer
        self.examples = examples
        order = EvaluationBatches(
            lengths: examples.map(\.tokens.count),
            maximumTokens: maximumTokens
        )
        batches = order.batches.map { PackedBatch($0.map { examples[$0] }) }
    }

    /// Log probabilities of each example's answers with the parameters as they are.
    public func logProbabilities(_ progress: () -> Void = {}) -> [[Double]] {
        var next = batches.makeIterator()
        return order.map { indices in
            guard let batch = next.next() else { return [] }
            let table = withoutGradients { scorer.logProbabilities(batch) }
            progress()
            let width = batch.answerTokens.map(\.count).max() ?? 0
            let values = table.doubles
            // A failure of the engine leaves no values; the scope that collects it throws it.
            guard values.count == width * indices.count else { return indices.map { _ in [] } }
            return indices.enumerated().map { row, index in
                Array(values[row * width..<row * width + examples[index].answerTokens.count])
            }
        }
    }

    /// Predictions averaged over the draws of a posterior, beside those at the mean.
    ///
    /// With ``/Posteriors/PointEstimate`` there is one model and no separate mean. `progress` is
    /// called after each batch of each draw.
    public func predictions(
        _ posterior: some Posterior,
        mean: [[Double]]? = nil,
        _ progress: () -> Void = {}
    ) -> [AveragedPrediction] {
        let draws = (0..<posterior.drawCount).map { index in
            posterior.withDraw(index) { logProbabilities(progress) }
        }
        return examples.indices.map { index in
            AveragedPrediction(
                example: examples[index],
                draws: draws.map { $0[index] },
                mean: mean?[index]
            )
        }
    }

    /// How often `progress` is called for one model.
    public var batchCount: Int { batches.count }
}

/// One example's prediction with the draws behind it.
public struct AveragedPrediction {
    /// The average over the draws, and the probabilities at the mean where they were computed.
    public let prediction: Prediction
    /// Probabilities under each draw: [draws][answers].
    public let draws: [[Double]]

    init(example: EncodedExample, draws: [[Double]], mean: [Double]?) {
        self.draws = draws.map { $0.map(exp) }
        prediction = Prediction(
            id: example.id,
            label: example.label,
            probabilities: averagedProbabilities(draws),
            meanProbabilities: mean.map { $0.map(exp) }
        )
    }
}

/// The mean of distributions given by their log probabilities [draws][answers].
///
/// Summed in log space, so that a probability that every draw holds for tiny stays right.
func averagedProbabilities(_ draws: [[Double]]) -> [Double] {
    guard let first = draws.first else { return [] }
    if draws.count == 1 { return first.map(exp) }
    return first.indices.map { answer in
        let logs = draws.map { $0[answer] }
        guard let largest = logs.max(), largest > -.infinity else { return 0 }
        let sum = logs.reduce(0) { $0 + exp($1 - largest) }
        return exp(largest + log(sum / Double(draws.count)))
    }
}
