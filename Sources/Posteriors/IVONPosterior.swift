import Torch

/// What IVON learns: a normal posterior with independent parameters.
///
/// The variance is `1 / (λ (h + δ))` with the effective sample size λ, the Hessian h and the
/// weight decay δ (Shen et al. 2024, arXiv 2402.17641).
public struct IVONPosterior: DiagonalPosterior, VariancePosterior {
    /// `ivon`.
    public static let name = "ivon"

    /// Diagonal Hessian (h) [count].
    public let hessian: Tensor
    /// Effective sample size (λ).
    public let effectiveSampleSize: Double
    /// Weight decay (δ).
    public let weightDecay: Double
    /// First value of the Hessian (h₀).
    public let hessianInitialization: Double
    /// The standard deviation 1 / sqrt(λ (h + δ)) [count].
    public let standardDeviation: Tensor

    /// The posterior of a Hessian (h) [count].
    public init(
        hessian: Tensor,
        effectiveSampleSize: Double,
        weightDecay: Double,
        hessianInitialization: Double
    ) {
        self.hessian = hessian
        self.effectiveSampleSize = effectiveSampleSize
        self.weightDecay = weightDecay
        self.hessianInitialization = hessianInitialization
        standardDeviation = ((hessian + weightDecay) * effectiveSampleSize).power(-0.5)
    }

    /// The variance 1 / (λ (h + δ)) [count].
    public var variance: Tensor { standardDeviation.power(2) }

    /// `λ / count`: the posterior is that of the mean loss, counted λ times.
    public func weight(ofOneAmong count: Int) -> Double { effectiveSampleSize / Double(count) }

    /// λ h.
    public var curvature: Tensor { hessian.to(.float64) * effectiveSampleSize }

    /// λ δ.
    public var priorPrecision: Double { effectiveSampleSize * weightDecay }

    /// The posterior of several data sets: sample sizes (λ) add up, and the Hessian is their mean
    /// weighted by these.
    public init(adding parts: [(posterior: IVONPosterior, weight: Double)]) {
        let size = parts.reduce(0) { $0 + $1.posterior.effectiveSampleSize * $1.weight }
        let shares = parts.map {
            (posterior: $0.posterior, weight: $0.posterior.effectiveSampleSize * $0.weight / size)
        }
        self.init(
            hessian: weightedSum(shares.map { ($0.posterior.hessian, $0.weight) }).to(.float32),
            effectiveSampleSize: size,
            weightDecay: Self.meanPriorPrecision(of: parts) / size,
            hessianInitialization: shares.reduce(0) {
                $0 + $1.posterior.hessianInitialization * $1.weight
            }
        )
    }

    /// Yes: normal noise.
    public var isSymmetric: Bool { true }

    /// Normal noise times the standard deviation.
    public func deviation(of index: Int, from mean: Tensor, _ generator: Generator) -> Tensor {
        generator.normal(mean.shape) * standardDeviation
    }

    /// The Hessian, one tensor a parameter, and the three numbers.
    public func write(to contents: inout PosteriorContents) {
        contents.add(vector: hessian, as: "hessian")
        contents.add(effectiveSampleSize, as: "effective_sample_size")
        contents.add(weightDecay, as: "weight_decay")
        contents.add(hessianInitialization, as: "hessian_initialization")
    }

    /// Reads Hessian and numbers.
    ///
    /// IVON keeps h + δ above 0, and with a weight decay δ some h below it.
    public init(_ contents: PosteriorContents) throws {
        let weightDecay = try contents.number("weight_decay", atLeast: 0)
        self.init(
            hessian: try contents.vector("hessian", atLeast: -Float(weightDecay)),
            effectiveSampleSize: try contents.positive("effective_sample_size"),
            weightDecay: weightDecay,
            hessianInitialization: try contents.number("hessian_initialization", atLeast: 0)
        )
        guard standardDeviation.isFinite else {
            let expected = "numbers that give finite variances with the numbers beside them"
            throw contents.mismatch("hessian", expected, "an infinite variance")
        }
    }
}
