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
    private let objective: any Objective
    private let adapted: AdaptedModel
    private let parallel: DataParallel
    private let batches: [[Int]]

    /// A probe of a model by the first training examples of an objective.
    init(_ objective: any Objective, _ adapted: AdaptedModel, _ parallel: DataParallel) {
        let count = objective.exampleCount
        termCount = (0..<count).reduce(0) { $0 + objective.termCount(of: $1) }
        self.objective = objective
        self.adapted = adapted
        self.parallel = parallel
        batches = Self.batches(of: min(count, 16))
    }

    private static func batches(of count: Int) -> [[Int]] {
        stride(from: 0, to: count, by: 8).map { Array($0..<min($0 + 8, count)) }
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

    /// The bits that a guess leaves open: log₂ of the number of outcomes, its mean over terms.
    ///
    /// - Throws: `TorchError` when the engine fails.
    func bits() throws -> Double {
        let terms = try answers()
        let sum = terms.reduce(0) { $0 + log2(Double($1.count { $0 > -.infinity })) }
        return try parallel.agreed([sum / Double(terms.count)])[0]
    }

    /// The factor for which `offset` changes the answers by `target` nats.
    ///
    /// That is the mean, over `draws` of it and over examples, of the Kullback-Leibler divergence
    /// of the answers without it from those with it, to a fifth. `offset` gives what is added to
    /// the parameters [count] for a factor and a draw.
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
        let untouched = try answers()
        var (search, counted) = (RootSearch(from: 1e-3), 1)
        for _ in 0..<16 {
            let found = try (0..<counted).reduce(0) { sum, draw in
                let moved = try answers(with: offset(search.factor, draw))
                return sum + divergence(of: untouched, from: moved) / Double(counted)
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

    /// The log probabilities of the answers, with an offset in the parameters: a row a term.
    private func answers(with offset: Tensor? = nil) throws -> [[Double]] {
        try withTorchErrors {
            withoutGradients {
                let values = adapted.parameters.values
                let before = values.clone()
                defer { values.copyInPlace(before) }
                if let offset { values.addInPlace(offset) }
                return batches.flatMap { batch in
                    let rows = objective.logProbabilities(of: batch, adapted)
                    let (flat, width) = (rows.doubles, rows.shape[1])
                    return stride(from: 0, to: flat.count, by: width).map {
                        Array(flat[$0..<$0 + width])
                    }
                }
            }
        }
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
