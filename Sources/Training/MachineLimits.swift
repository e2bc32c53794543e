import LanguageModels
import Torch

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
        let weights = model.model.blocks.flatMap { $0.linears.map(\.weight) }
        guard !weights.isEmpty else { return 0 }
        let clock = ContinuousClock()
        return try withTorchErrors {
            withoutGradients {
                var inputs: [Int: Tensor] = [:]
                for size in Set(weights.map { $0.shape[1] }) {
                    inputs[size] = Tensor.full(
                        [rows, size],
                        0.5,
                        dtype: model.precision.compute.dtype,
                        device: model.device
                    )
                }
                var next = 0
                return (0..<3).map { _ in
                    let start = clock.now
                    var (operations, last) = (0.0, Tensor.zeros([1, 1]))
                    while (clock.now - start) < .seconds(0.2) {
                        let weight = weights[next % weights.count]
                        let shape = weight.shape
                        last = inputs[shape[1]].map { weight.product($0, bias: nil) } ?? last
                        operations += 2 * Double(rows) * Double(shape[0]) * Double(shape[1])
                        next += 1
                    }
                    // A device that works behind the program's back has to come to its end.
                    _ = last.narrowed(0, start: 0, length: 1).sum().item
                    return operations / (clock.now - start).inSeconds
                }
                .max() ?? 0
            }
        }
    }
}
