import Optimizers
import Randomness
import Torch

/// Draws around the values that parameters hold: `mean + sqrt(τ) · deviation`.
///
/// A draw is one model for a whole data set: to predict, run the model once with each draw in place
/// and average the probabilities. Each deviation is made once, when its draw is first used, and
/// serves every variance scale: 4 · count bytes.
///
/// Draws of a symmetric kind come in opposite pairs (antithetic variates; Hammersley and Morton
/// 1956): draw 2 k + 1 deviates from the mean as draw 2 k does, the other way. Each draw has the
/// kind's distribution, and what is linear in the deviation leaves a pair's average.
public final class DrawnParameters {
    /// Number of draws.
    public let count: Int
    /// Parameters of a model.
    public var parameterCount: Int { parameters.count }
    private let kind: any Posterior
    private let parameters: FlatParameters
    private let seed: UInt64
    private var deviations: [Int: Tensor] = [:]  // by draw, first ones of pairs: [count]

    /// Draws of a kind of posterior around the present values of `parameters`.
    ///
    /// Draw i is made from `seed` and i. Of a kind with a limited number of draws all are taken.
    public init(
        _ kind: any Posterior,
        around parameters: FlatParameters,
        count: Int,
        seed: UInt64
    ) {
        self.kind = kind
        self.parameters = parameters
        self.count = kind.drawLimit ?? count
        self.seed = seed
    }

    /// Runs `body` with draw `index` in the parameters, then puts the mean back, also on throw.
    ///
    /// The variance scale τ, at least 0, multiplies the variance of the kind's draws (arXiv
    /// 2411.04421, section 4.3); 0 is the mean, exactly.
    public func withDraw<Result>(
        _ index: Int,
        varianceScale: Double = 1,
        _ body: () throws -> Result
    ) rethrows -> Result {
        precondition(varianceScale >= 0, "a variance scale of \(varianceScale) is below 0")
        let mean = parameters.values.clone()
        withoutGradients {
            let (deviation, sign) = deviation(of: index, from: mean)
            parameters.values.addInPlace(deviation, times: sign * varianceScale.squareRoot())
        }
        defer { parameters.values.copyInPlace(mean) }
        return try body()
    }

    /// A model among the draws: the mean, or a draw at a variance scale (τ), at least 0.
    public struct Model: Sendable {
        /// The draw; nil for the mean.
        public var draw: Int?
        /// Factor of the posterior's variance.
        public var varianceScale: Double

        /// The parameters as they are.
        public static let mean = Model(draw: nil, varianceScale: 0)

        /// A draw at a variance scale.
        public init(draw: Int?, varianceScale: Double) {
            (self.draw, self.varianceScale) = (draw, varianceScale)
        }
    }

    /// The parameters of several models by name, each [models, ...].
    public func parameters(of models: [Model]) -> [String: Tensor] {
        withoutGradients {
            let tensors = parameters.entries.map { entry in
                let mean = FlatParameters.view(parameters.values, entry)
                let values = models.map { model in
                    guard let draw = model.draw else { return mean.reshaped([1] + entry.shape) }
                    let (deviation, sign) = deviation(of: draw, from: parameters.values)
                    let scale = sign * model.varianceScale.squareRoot()
                    return (mean + FlatParameters.view(deviation, entry) * scale)
                        .reshaped([1] + entry.shape)
                }
                return (entry.name, Tensor.concatenated(values, along: 0))
            }
            return Dictionary(uniqueKeysWithValues: tensors)
        }
    }

    /// The deviation of a draw at variance scale 1 [count], but for its sign.
    private func deviation(of index: Int, from mean: Tensor) -> (Tensor, sign: Double) {
        let isOpposite = kind.isSymmetric && index % 2 == 1
        let (index, sign) = isOpposite ? (index - 1, -1.0) : (index, 1)
        if let known = deviations[index] { return (known, sign) }
        let stream = RandomStream.prediction.seed(from: seed, index)
        let generator = Generator(seed: stream, device: mean.device)
        let deviation = kind.deviation(of: index, from: mean, generator)
        deviations[index] = deviation
        return (deviation, sign)
    }
}
