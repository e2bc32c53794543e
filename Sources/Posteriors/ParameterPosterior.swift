import Optimizers
import Randomness
import Torch

/// Draws around the values that parameters hold: `mean + sqrt(τ) · deviation`.
///
/// The variance scale τ multiplies the variance of the kind's draws (arXiv 2411.04421, section
/// 4.3); 0 is the mean, exactly.
public struct ParameterPosterior: Posterior {
    /// Number of draws.
    public let drawCount: Int
    /// Factor of the variance (τ).
    public let varianceScale: Double
    private let kind: any PosteriorKind
    private let parameters: FlatParameters
    private let seed: UInt64

    /// A posterior of a kind around the present values of `parameters`.
    ///
    /// `varianceScale` (τ) is at least 0; draw i is made from `seed` and i. Of a kind with
    /// a limited number of draws all are taken.
    public init(
        _ kind: any PosteriorKind,
        around parameters: FlatParameters,
        varianceScale: Double,
        drawCount: Int,
        seed: UInt64
    ) {
        precondition(varianceScale >= 0, "a variance scale of \(varianceScale) is below 0")
        self.kind = kind
        self.parameters = parameters
        self.varianceScale = varianceScale
        self.drawCount = kind.drawLimit ?? drawCount
        self.seed = seed
    }

    /// Runs `body` with draw `index` in the parameters, then puts the mean back, also on throw.
    public func withDraw<Result>(_ index: Int, _ body: () throws -> Result) rethrows -> Result {
        let generator = Generator(
            seed: RandomStream.prediction.seed(from: seed, index),
            device: parameters.values.device
        )
        let mean = parameters.values.clone()
        withoutGradients {
            let deviation = kind.deviation(of: index, from: mean, generator)
            parameters.values.addInPlace(deviation, times: varianceScale.squareRoot())
        }
        defer { parameters.values.copyInPlace(mean) }
        return try body()
    }
}
