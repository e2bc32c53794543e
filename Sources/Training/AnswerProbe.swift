import Foundation
import LoRA
import Torch

/// How far changes of the parameters move the answers to training examples: the scale that noise
/// and priors have a meaning in, whatever the model, the adapters and the task.
///
/// Every rank measures; as sums may round otherwise on another one, what rank 0 found counts.
struct AnswerProbe {
    /// Terms of the loss of all training examples (n).
    let termCount: Int
    /// The training examples.
    var exampleCount: Int { objective.exampleCount }
    /// The bits that a guess leaves open: log₂ of the number of outcomes, its mean over terms.
    let bits: Double
    private let objective: any Objective
    private let adapted: AdaptedModel
    private let parallel: DataParallel
    /// Of a few examples, with the log probabilities of the untouched model: a row a term.
    private let batches: [(examples: [Int], answers: [[Double]])]

    /// A probe of a model by the first training examples of an objective.
    ///
    /// - Throws: `TorchError` when the engine fails.
    init(_ objective: any Objective, _ adapted: AdaptedModel, _ parallel: DataParallel) throws {
        let count = objective.exampleCount
        termCount = (0..<count).reduce(0) { $0 + objective.termCount(of: $1) }
        self.objective = objective
        self.adapted = adapted
        self.parallel = parallel
        batches = try Self.batches(of: min(count, 16)).map {
            ($0, try Self.answers(to: $0, objective, adapted))
        }
        let terms = batches.flatMap(\.answers)
        let sum = terms.reduce(0) { $0 + log2(Double($1.count { $0 > -.infinity })) }
        bits = try parallel.agreed([sum / Double(terms.count)])[0]
    }

    /// The first `count` examples in batches of at most 8, as even as can be.
    private static func batches(of count: Int) -> [[Int]] {
        let parts = (count + 7) / 8
        return (0..<parts).map { Array(count * $0 / parts..<count * ($0 + 1) / parts) }
    }

    /// The log probabilities of the answers to examples: a row a term.
    private static func answers(
        to examples: [Int],
        _ objective: any Objective,
        _ adapted: AdaptedModel
    ) throws -> [[Double]] {
        try withTorchErrors {
            withoutGradients {
                let rows = objective.logProbabilities(of: examples, adapted)
                let (flat, width) = (rows.doubles, rows.shape[1])
                return stride(from: 0, to: flat.count, by: width).map {
                    Array(flat[$0..<$0 + width])
                }
            }
        }
    }

    /// The mean loss of a term of at most 64 examples as the model is, in nats.
    ///
    /// - Throws: `TorchError` when the engine fails.
    func loss() throws -> Double {
        let loss = try withTorchErrors {
            withoutGradients {
                let batches = Self.batches(of: min(objective.exampleCount, 64))
                let sum = batches.reduce(0) { $0 + objective.loss(of: $1, adapted).sum.item }
                return sum / Double(batches.joined().reduce(0) { $0 + objective.termCount(of: $1) })
            }
        }
        return try parallel.agreed([loss])[0]
    }

    /// The factor for which `offset` changes the answers by `target` nats.
    ///
    /// That is the mean, over `draws` of it and over examples, of the Kullback-Leibler divergence
    /// of the answers without it from those with it, to a fifth. `offset` gives what is added to
    /// the parameters [count] for a factor and a draw. Draws differ more than examples do, so each
    /// is asked one batch of these, in turn.
    ///
    /// The least such factor is meant: an offset that breaks the model can leave answers as little
    /// changed as one that hardly moves it, where these say little. So the search comes from below,
    /// by the first draw alone until that one is near.
    ///
    /// - Throws: `TorchError` when the engine fails.
    func factor(
        for target: Double,
        draws: Int,
        _ offset: (_ factor: Double, _ draw: Int) -> Tensor
    ) throws -> Double {
        var (search, counted) = (RootSearch(from: 1e-3), 1)
        for _ in 0..<16 {
            let found = try (0..<counted).reduce(0) { sum, draw in
                let batch = batches[draw % batches.count]
                let moved = try answers(to: batch.examples, with: offset(search.factor, draw))
                return sum + divergence(of: batch.answers, from: moved) / Double(counted)
            }
            let distance = abs(log(found / target))
            if counted == draws, distance < 0.2 { break }
            if counted < draws, distance < 1.4 {
                (search, counted) = (RootSearch(from: search.factor), draws)
            } else {
                search.step(found / target)
            }
        }
        return try parallel.agreed([search.factor])[0]
    }

    /// The log probabilities of the answers to examples, with an offset in the parameters.
    private func answers(to examples: [Int], with offset: Tensor) throws -> [[Double]] {
        let values = adapted.parameters.values
        let before = values.clone()
        defer { values.copyInPlace(before) }
        values.addInPlace(offset)
        return try Self.answers(to: examples, objective, adapted)
    }

    private func divergence(of untouched: [[Double]], from moved: [[Double]]) -> Double {
        let divergences = zip(untouched, moved).map { before, after in
            zip(before, after).reduce(0) { sum, pair in
                pair.0 == -.infinity ? sum : sum + exp(pair.0) * (pair.0 - pair.1)
            }
        }
        return divergences.reduce(0, +) / Double(divergences.count)
    }
}

/// The search for the factor at which a quantity that grows with it is 1: by its square, as long as
/// all factors were on one side, and between the nearest ones on both by the power that joins them.
private struct RootSearch {
    private(set) var factor: Double
    private var lower: (factor: Double, value: Double)?
    private var upper: (factor: Double, value: Double)?

    init(from factor: Double) { self.factor = factor }

    /// Goes on to another factor, as the quantity at this one is `value`, which may be no number.
    mutating func step(_ value: Double) {
        if value < 1 { lower = (factor, value) } else { upper = (factor, value) }
        guard let lower, let upper else {
            let step = (1 / value).squareRoot()
            factor *= step.isNaN ? 0.1 : min(max(step, 0.1), 4)
            return
        }
        let share = log(1 / lower.value) / log(upper.value / lower.value)
        // Not so near to one of them that the other stays: far apart no power joins them.
        let inner = share.isNaN ? 0.5 : min(max(share, 0.2), 0.8)
        factor = lower.factor * pow(upper.factor / lower.factor, inner)
    }
}
