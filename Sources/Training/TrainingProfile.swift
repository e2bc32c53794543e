import Evaluation
import Foundation
import LanguageModels
import Torch

/// What the steps that a process took have cost.
public struct TrainingProfile: Sendable {
    /// Wall-clock seconds from the first step to the end of the last, with all between them.
    public internal(set) var seconds = 0.0
    /// Where they went.
    public internal(set) var times = StepTimes()
    /// Forward and backward passes: at least one a step, and more with micro-batches or draws.
    public private(set) var passes = 0
    /// Sequences of all passes.
    public private(set) var sequences = 0
    /// Tokens of all passes as they were computed: a prefix that a batch shares counts once.
    public private(set) var tokens = 0
    /// Operations of the matrix products of all passes.
    public private(set) var operations = StepCost.Operations()

    /// Seconds outside steps and evaluations: the history, checkpoints, and whoever watches.
    public var rest: Double { max(0, seconds - times.total) }

    /// Counts a pass.
    mutating func count(_ batch: AnswerBatch, _ cost: StepCost) {
        passes += 1
        sequences += batch.examples.count
        tokens += batch.prompts.tokens.count
        operations += cost.operations(of: batch)
    }
}

/// What this machine can do at most, for comparison with what training does.
public enum MachineLimits {
    /// Floating-point operations a second of the products of `rows` rows with a model's frozen
    /// weights, one behind another: the fastest of three rounds of at least 0.2 seconds.
    ///
    /// The weights come from main memory as in training, where each is used once a pass; small
    /// models on machines with large caches are the exception in both.
    ///
    /// - Throws: an error when the engine fails.
    public static func matrixProductRate(of model: LoadedModel, rows: Int) throws -> Double {
        let weights = model.model.linears.sorted {
            $0.key.compare($1.key, options: .numeric) == .orderedAscending
        }
        .map(\.value.weight)
        guard !weights.isEmpty else { return 0 }
        let clock = ContinuousClock()
        return try withTorchErrors {
            withoutGradients {
                var inputs: [Int: Tensor] = [:]
                for size in Set(weights.map { $0.shape[1] }) {
                    inputs[size] = Tensor.full([rows, size], 0.5, device: model.device)
                }
                var next = 0
                return (0..<3).map { _ in
                    let start = clock.now
                    var operations = 0.0
                    while (clock.now - start) < .seconds(0.2) {
                        let weight = weights[next % weights.count]
                        let shape = weight.shape
                        _ = inputs[shape[1]].map { weight.product($0, bias: nil) }
                        operations += 2 * Double(rows) * Double(shape[0]) * Double(shape[1])
                        next += 1
                    }
                    return operations / (clock.now - start).inSeconds
                }
                .max() ?? 0
            }
        }
    }
}
