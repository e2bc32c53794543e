import Posteriors
import TextTasks
import Torch

/// Answers averaged over draws of the parameters, or given by the parameters as they are.
///
/// Every draw is one model for all examples; probabilities are averaged, not logits, since the mean
/// of the logits is close to the prediction of the mean.
///
/// A pass over a few tokens takes as long as reading the frozen weights, so where all examples are
/// one small batch several models answer in one pass, each with its own adapters. Large evaluations
/// take one model after another: there the products take the time.
///
/// Several ranks share the batches of each model, and all get all results; they are those of one
/// rank, as the batches are the same.
public struct DrawnAnswers: Predictive {
    /// Parameters of all models of a joint pass, which are laid out anew for it: 256 MB.
    private static let mostJointParameters = 1 << 26

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
        // The mean, then every draw at every scale; at scale 0 every draw is the mean.
        let scales = draws == nil ? [] : varianceScales.filter { $0 > 0 }
        let drawn: [DrawnParameters.Model] = scales.flatMap { scale in
            (0..<drawCount).map { .init(draw: $0, varianceScale: scale) }
        }
        let models = [.mean] + drawn
        let batches = Batches(examples, maximumTokens: maximumTokens, group)
        var done = 0
        let answers = try withTorchErrors {
            try passes(of: models, batches, maximumTokens).flatMap { joint in
                try logProbabilities(batches, joint) {
                    for _ in joint {
                        done += 1
                        progress(done, batches.ownCount * models.count)
                    }
                }
            }
        }  // [models][examples][answers]
        var rest = answers.dropFirst()
        return try varianceScales.map { scale in
            let isDrawn = draws != nil && scale > 0
            let own = isDrawn ? Array(rest.prefix(drawCount)) : []
            rest = rest.dropFirst(own.count)
            return try examples.indices.map { index in
                try AveragedPrediction(
                    example: examples[index],
                    draws: (0..<drawCount).map { isDrawn ? own[$0][index] : answers[0][index] },
                    mean: draws == nil ? nil : answers[0][index]
                )
            }
        }
    }

    /// The models in their order, those together that one pass over the frozen weights answers for:
    /// as many draws as there is room for where all examples are one batch.
    ///
    /// The mean stays alone, so that its answers are those of a point estimate, bit for bit.
    private func passes(
        of models: [DrawnParameters.Model],
        _ batches: Batches,
        _ maximumTokens: Int
    ) -> [[DrawnParameters.Model]] {
        var room = 1
        if batches.order.batches.count == 1, scorer.adapters?.layout.adaptsHead == false {
            room = draws.map { Self.mostJointParameters / max(1, $0.parameterCount) } ?? 1
            room = max(1, min(room, maximumTokens / batches.tokenCount))
        }
        let joint = stride(from: 1, to: models.count, by: room).map {
            Array(models[$0..<min($0 + room, models.count)])
        }
        return [[models[0]]] + joint
    }

    /// Log probabilities of each example's answers by one model, or by several in joint passes:
    /// [models][examples][answers].
    private func logProbabilities(
        _ batches: Batches,
        _ models: [DrawnParameters.Model],
        _ progress: () -> Void
    ) throws -> [[[Double]]] {
        if let draws, let adapters = scorer.adapters, models.count > 1 {
            let parameters = draws.parameters(of: models)
            return try logProbabilities(batches, modelCount: models.count, progress) { batch in
                adapters.withModels(parameters) {
                    scorer.logProbabilities(
                        AnswerBatch(batch.examples, copies: models.count),
                        temperature: temperature
                    )
                }
            }
        }
        func alone() throws -> [[[Double]]] {
            try logProbabilities(batches, modelCount: 1, progress) {
                scorer.logProbabilities($0, temperature: temperature)
            }
        }
        guard let draws, let draw = models[0].draw else { return try alone() }
        return try draws.withDraw(draw, varianceScale: models[0].varianceScale, alone)
    }

    /// Log probabilities from `body`, which gives those of a batch by some models, one behind
    /// another [models * examples, most answers]: [models][examples][answers].
    private func logProbabilities(
        _ batches: Batches,
        modelCount: Int,
        _ progress: () -> Void,
        _ body: (AnswerBatch) -> Tensor
    ) throws -> [[[Double]]] {
        var place = 0
        let own: [[Double]] = try batches.order.map { indices in
            defer { place += 1 }
            guard let batch = batches.packed[place] else { return indices.map { _ in [] } }
            let values = withoutGradients { body(batch) }.doubles
            try checkTorch()
            progress()
            let width = values.count / (indices.count * modelCount)
            return indices.enumerated().map { row, index in
                (0..<modelCount).flatMap { model in
                    let start = (model * indices.count + row) * width
                    return values[start..<start + batches.answerCounts[index]]
                }
            }
        }  // by example, its answers by all models
        let counts = batches.answerCounts
        let all = try group.map { try joined(own, counts.map { $0 * modelCount }, $0) } ?? own
        return (0..<modelCount).map { model in
            zip(all, counts).map { Array($0[model * $1..<(model + 1) * $1]) }
        }
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
    /// Of all examples.
    let tokenCount: Int

    init(_ examples: [EncodedExample], maximumTokens: Int, _ group: ProcessGroup?) {
        let units = examples.units
        let lengths = units.map { examples[$0].reduce(0) { $0 + $1.length } }
        tokenCount = lengths.reduce(0, +)
        order = EvaluationBatches(lengths: lengths, maximumTokens: maximumTokens).of(units)
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
