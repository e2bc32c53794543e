import Posteriors
import Torch

/// How the parameters of several runs (θₜ), each with a weight (αₜ), become those of one.
public enum MergeRule: String, CaseIterable, Sendable {
    /// By the precisions of their posteriors, which merge into one posterior of all their data; see
    /// `DiagonalPosterior.merged(_:)`.
    ///
    /// Weights are how often the data of a run count.
    case precision
    /// The mean `Σ αₜ θₜ / Σ αₜ`: a point estimate.
    case average
    /// `θ₀ + Σ αₜ (θₜ - θ₀)` with the adapter θ₀ that they all started at: a point estimate.
    ///
    /// Ilharco et al. 2022, arXiv 2212.04089.
    case taskArithmetic = "task-arithmetic"

    /// What weights may be, in words.
    public var expectedWeight: String {
        self == .taskArithmetic
            ? "a number from -1e100 to 1e100" : "a positive number up to 1e100"
    }

    /// Whether a weight is in range: so that sums of weights are finite, too.
    public func allows(_ weight: Double) -> Bool {
        abs(weight) <= 1e100 && (weight > 0 || self == .taskArithmetic)
    }

    /// The sum that a rule without posteriors gives: float64 [count].
    func sum(_ parts: [(mean: Tensor, weight: Double)], from start: Tensor) -> Tensor {
        let total = parts.reduce(0) { $0 + $1.weight }
        let rest = (vector: start, weight: self == .taskArithmetic ? 1 - total : 0)
        let factor = self == .average ? 1 / total : 1
        return weightedSum([rest] + parts.map { ($0.mean, $0.weight * factor) })
    }
}
