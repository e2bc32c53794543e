import Optimizers
import Randomness
import Torch

/// A normal posterior with independent parameters: what IVON learns.
///
/// The mean is what the parameters hold, the variance `τ / (λ (h + δ))` with the variance scale τ,
/// the effective sample size λ, the Hessian h and the weight decay δ (arXiv 2402.17641; τ as in
/// arXiv 2411.04421, section 4.3, where 0 is the mean).
public struct DiagonalGaussian: Posterior {
    /// Number of draws.
    public let drawCount: Int
    /// Factor of the variance (τ).
    public let varianceScale: Double
    private let parameters: FlatParameters
    private let deviation: Tensor  // [count], sqrt(τ) included
    private let seed: UInt64

    /// A posterior around the present values of `parameters`.
    ///
    /// `standardDeviation` [count] is that of τ = 1; `varianceScale` (τ) is at least 0; draw i is
    /// made from `seed` and i.
    public init(
        around parameters: FlatParameters,
        standardDeviation: Tensor,
        varianceScale: Double,
        drawCount: Int,
        seed: UInt64
    ) {
        precondition(varianceScale >= 0, "a variance scale of \(varianceScale) is below 0")
        self.parameters = parameters
        self.drawCount = drawCount
        self.varianceScale = varianceScale
        self.seed = seed
        deviation = standardDeviation * varianceScale.squareRoot()
    }

    /// Runs `body` with draw `index` in the parameters, then puts the mean back, also on throw.
    public func withDraw<Result>(_ index: Int, _ body: () throws -> Result) rethrows -> Result {
        let generator = Generator(
            seed: RandomStream.prediction.seed(from: seed, index),
            device: parameters.values.device
        )
        let mean = parameters.values.clone()
        let noise = generator.normal([parameters.count])
        withoutGradients { parameters.values.addProductInPlace(noise, deviation) }
        defer { parameters.values.copyInPlace(mean) }
        return try body()
    }
}
