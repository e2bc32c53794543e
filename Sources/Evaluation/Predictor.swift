import Foundation
import Metrics
import Posteriors
import TextTasks
import Torch

/// Predictive distributions over a set of examples.
///
/// Every draw of the posterior is one model for all examples; probabilities are averaged, not
/// logits, since the mean of the logits is close to the prediction of the mean.
///
/// Several ranks share the batches of each model, and all get all results; they are those of one
/// rank, as the batches are the same.
public struct Predictor {
    private let scorer: AnswerScorer
    private let batches: [PackedBatch]
    private let order: EvaluationBatches
    private let examples: [EncodedExample]
    private let temperature: Double
    private let group: ProcessGroup?

    /// A predictor for `examples`, in batches of at most `maximumTokens` tokens each.
    ///
    /// Logits are divided by `temperature`. The ranks of `group` share the work.
    public init(
        _ scorer: AnswerScorer,
        examples: [EncodedExample],
        maximumTokens: Int = 1024,
        temperature: Double = 1,
        group: ProcessGroup? = nil
    ) {
        self.scorer = scorer
        self.temperature = temperature
        self.group = group
        self.examples = examples
        order = EvaluationBatches(
            lengths: examples.map(\.tokens.count),
            maximumTokens: maximumTokens
        )
        batches = order.batches.map { PackedBatch($0.map { examples[$0] }) }
    }

    /// Log probabilities of each example's answers with the parameters as they are.
    public func logProbabilities(_ progress: () -> Void = {}) -> [[Double]] {
        var next = batches.enumerated().makeIterator()
        let own: [[Double]] = order.map { indices in
            guard let (place, batch) = next.next(), isOwn(place) else {
                return indices.map { _ in [] }
            }
            let table = withoutGradients {
                // Of log probabilities the same as of logits: they differ by a constant a row.
                let logs = scorer.logProbabilities(batch)
                return temperature == 1
                    ? logs : (logs * (1 / temperature)).logSoftmax(along: 1)
            }
            progress()
            let width = batch.answerTokens.map(\.count).max() ?? 0
            let values = table.doubles
            // A failure of the engine leaves no values; the scope that collects it throws it.
            guard values.count == width * indices.count else { return indices.map { _ in [] } }
            return indices.enumerated().map { row, index in
                Array(values[row * width..<row * width + examples[index].answerTokens.count])
            }
        }
        return group.map { joined(own, $0) } ?? own
    }

    /// Whether this rank computes the batch at a place; neighbours are of similar cost.
    private func isOwn(_ place: Int) -> Bool {
        group.map { place % $0.size == $0.rank } ?? true
    }

    /// The rows that each rank has computed, put together: a sum with zeros, which is exact.
    private func joined(_ own: [[Double]], _ group: ProcessGroup) -> [[Double]] {
        let counts = examples.map(\.answerTokens.count)
        let rows = zip(own, counts).map { row, count in
            row.isEmpty ? [Double](repeating: 0, count: count) : row
        }
        let sum = Tensor(Array(rows.joined()))
        do {
            try group.sum(sum)
        } catch {
            failScope(error)
        }
        var rest = sum.doubles[...]
        return counts.map { count in
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
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

    /// How often `progress` is called for one model: the number of this rank's batches.
    public var batchCount: Int { batches.indices.count(where: isOwn) }
}
