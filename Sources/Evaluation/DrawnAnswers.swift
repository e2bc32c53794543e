import Posteriors
import TextTasks
import Torch

/// Answers averaged over draws of the parameters, or given by the parameters as they are.
///
/// Every draw is one model for all examples; probabilities are averaged, not logits, since the mean
/// of the logits is close to the prediction of the mean.
///
/// Several ranks share the batches of each model, and all get all results; they are those of one
/// rank, as the batches are the same.
public struct DrawnAnswers: Predictive {
    private let scorer: AnswerScorer
    private let draws: DrawnParameters?
    private let temperature: Double
    private let group: ProcessGroup?
    /// Factor of the posterior's variance (τ); 0 without draws.
    public let varianceScale: Double

    /// Answers of a model; with draws around the values of its parameters, averaged over them at a
    /// variance scale (τ).
    ///
    /// Logits are divided by `temperature`. The ranks of `group` share the work.
    public init(
        _ scorer: AnswerScorer,
        draws: DrawnParameters? = nil,
        varianceScale: Double = 1,
        temperature: Double = 1,
        group: ProcessGroup? = nil
    ) {
        self.scorer = scorer
        self.draws = draws
        self.varianceScale = draws == nil ? 0 : varianceScale
        self.temperature = temperature
        self.group = group
    }

    /// Number of draws behind an answer; 1 without draws.
    public var drawCount: Int { draws?.count ?? 1 }

    /// Answers averaged over the draws; each model answers all examples before the next.
    public func predictions(
        _ examples: [EncodedExample],
        at varianceScales: [Double],
        maximumTokens: Int,
        progress: (_ done: Int, _ of: Int) -> Void
    ) throws -> [[AveragedPrediction]] {
        try averagedOverOrders(examples) {
            try oneOrder($0, at: varianceScales, maximumTokens: maximumTokens, progress: progress)
        }
    }

    private func oneOrder(
        _ examples: [EncodedExample],
        at varianceScales: [Double],
        maximumTokens: Int,
        progress: (_ done: Int, _ of: Int) -> Void
    ) throws -> [[AveragedPrediction]] {
        let batches = Batches(examples, maximumTokens: maximumTokens, group)
        let models = (draws?.count ?? 0) * varianceScales.count { $0 > 0 }
        let total = batches.ownCount * (1 + models)
        var done = 0
        func logProbabilities() throws -> [[Double]] {
            try self.logProbabilities(batches) {
                done += 1
                progress(done, total)
            }
        }
        return try withTorchErrors {
            let mean = try logProbabilities()
            return try varianceScales.map { scale in
                let models = try (0..<drawCount).map { index in
                    // Without draws, and at scale 0, every draw is the mean.
                    guard let draws, scale > 0 else { return mean }
                    return try draws.withDraw(index, varianceScale: scale, logProbabilities)
                }
                return try examples.indices.map { index in
                    try AveragedPrediction(
                        example: examples[index],
                        draws: models.map { $0[index] },
                        mean: draws == nil ? nil : mean[index]
                    )
                }
            }
        }
    }

    /// Log probabilities of each example's answers with the parameters as they are.
    private func logProbabilities(
        _ batches: Batches,
        _ progress: () -> Void
    ) throws -> [[Double]] {
        var place = 0
        let own: [[Double]] = try batches.order.map { indices in
            defer { place += 1 }
            guard let batch = batches.packed[place] else { return indices.map { _ in [] } }
            let table = withoutGradients {
                scorer.logProbabilities(batch, temperature: temperature)  // [sequences, answers]
            }
            let values = table.doubles
            try checkTorch()
            progress()
            let width = values.count / indices.count
            return indices.enumerated().map { row, index in
                Array(values[row * width..<row * width + batches.answerCounts[index]])
            }
        }
        return try group.map { try joined(own, batches.answerCounts, $0) } ?? own
    }

    /// The rows that each rank has computed, put together: a sum with zeros, which is exact.
    private func joined(
        _ own: [[Double]],
        _ counts: [Int],
        _ group: ProcessGroup
    ) throws -> [[Double]] {
        let rows = zip(own, counts).map { row, count in
            row.isEmpty ? [Double](repeating: 0, count: count) : row
        }
        let sum = Tensor(Array(rows.joined()))
        try group.sum(sum)
        var rest = sum.doubles[...]
        return counts.map { count in
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
    }
}

/// The batches of examples that this process computes, packed once for all draws.
private struct Batches {
    let order: EvaluationBatches
    /// By place in the order; nil for another rank's.
    let packed: [AnswerBatch?]
    let answerCounts: [Int]

    init(_ examples: [EncodedExample], maximumTokens: Int, _ group: ProcessGroup?) {
        let units = examples.units
        order = EvaluationBatches(
            lengths: units.map { examples[$0].reduce(0) { $0 + $1.length } },
            maximumTokens: maximumTokens
        )
        .of(units)
        packed = order.batches.enumerated().map { place, indices in
            // Neighbours are of similar cost.
            let isOwn = group.map { place % $0.size == $0.rank } ?? true
            return isOwn ? AnswerBatch(indices.map { examples[$0] }) : nil
        }
        answerCounts = examples.map(\.answers.count)
    }

    /// How many this process computes for one model.
    var ownCount: Int { packed.count { $0 != nil } }
}
