import Torch

/// A normal posterior with independent parameters, of precision H + H₀: the curvature H of the loss
/// at the mean, and the precision H₀ of a normal prior around 0.
///
/// What several of them learnt from one prior and different data, one can say of all the data:
/// curvatures add up, and the prior counts once.
public protocol DiagonalPosterior: Posterior {
    /// Curvature of the loss (H), without the prior: float64 [count].
    var curvature: Tensor { get }

    /// Precision of the prior (H₀), the same for every parameter.
    var priorPrecision: Double { get }

    /// The posterior of losses that are added up, each times its positive weight; its prior is the
    /// weighted mean of theirs.
    init(adding parts: [(posterior: Self, weight: Double)])
}

extension DiagonalPosterior {
    /// The posterior of the data of several runs, each of which has a mean [count], a posterior
    /// around it and a positive weight (α); and the mean that it is around, float64 [count].
    ///
    /// With the precisions H₀ + Hₜ of the parts the mean is
    /// `(H₀ + Σ αₜ Hₜ)⁻¹ Σ αₜ (H₀ + Hₜ) θₜ`. There the prior and the sum of the losses, each with
    /// its curvature at its θₜ, have their minimum: it is the product of the posteriors, divided by
    /// the priors that this has too many. Daheim et al. 2024 (arXiv 2310.12808) have the same with
    /// parameters counted from the model before fine-tuning, where their prior is centred.
    public static func merged(
        _ parts: [(mean: Tensor, posterior: Self, weight: Double)]
    ) -> (mean: Tensor, posterior: Self) {
        let weighted = parts.map { (posterior: $0.posterior, weight: $0.weight) }
        let curvature = weightedSum(parts.map { ($0.posterior.curvature, $0.weight) })
        let pulls = parts.map { part in
            let precision = part.posterior.curvature + part.posterior.priorPrecision
            return (precision * part.mean.to(.float64), part.weight)
        }
        return (
            weightedSum(pulls) / (curvature + meanPriorPrecision(of: weighted)),
            Self(adding: weighted)
        )
    }

    /// The weighted mean of the precisions of the priors.
    static func meanPriorPrecision(of parts: [(posterior: Self, weight: Double)]) -> Double {
        let total = parts.reduce(0) { $0 + $1.weight }
        return parts.reduce(0) { $0 + $1.posterior.priorPrecision * $1.weight } / total
    }
}

/// The sum of vectors [count], at least one, each times its weight: float64 [count].
public func weightedSum(_ vectors: [(vector: Tensor, weight: Double)]) -> Tensor {
    precondition(!vectors.isEmpty, "a sum of no vectors has no size")
    let sum = Tensor.zeros(like: vectors[0].vector.to(.float64))
    for (vector, weight) in vectors { sum.addInPlace(vector.to(.float64), times: weight) }
    return sum
}
