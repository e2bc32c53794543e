import Torch

/// A normal posterior with independent parameters, of any variances.
public struct NormalPosterior: VariancePosterior {
    /// `normal`.
    public static let name = "normal"

    /// Variance of each parameter [count].
    public let variance: Tensor
    /// How often the posterior counts the loss of all training examples (λ).
    public let effectiveSampleSize: Double

    /// The posterior of variances [count].
    public init(variance: Tensor, effectiveSampleSize: Double) {
        self.variance = variance
        self.effectiveSampleSize = effectiveSampleSize
    }

    /// `λ / count`: the posterior is that of the mean loss, counted λ times.
    public func weight(ofOneAmong count: Int) -> Double { effectiveSampleSize / Double(count) }

    /// Yes: normal noise.
    public var isSymmetric: Bool { true }

    /// Normal noise times the standard deviation.
    public func deviation(of index: Int, from mean: Tensor, _ generator: Generator) -> Tensor {
        generator.normal(mean.shape) * variance.power(0.5)
    }

    /// The variances, one tensor a parameter, and the sample size.
    public func write(to contents: inout PosteriorContents) {
        contents.add(vector: variance, as: "variance")
        contents.add(effectiveSampleSize, as: "effective_sample_size")
    }

    /// Reads variances and sample size.
    public init(_ contents: PosteriorContents) throws {
        self.init(
            variance: try contents.vector("variance", atLeast: 0),
            effectiveSampleSize: try contents.positive("effective_sample_size")
        )
    }
}
