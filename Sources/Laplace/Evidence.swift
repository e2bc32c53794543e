import Foundation
import Torch

/// The evidence of a Laplace approximation as a function of the prior's precision δ.
///
/// With the curvature's eigenvalues λ_i and the trained parameters θ,
/// `log evidence = log likelihood - (Σ_i log(1 + λ_i / δ) + δ ‖θ‖²) / 2`. The sum is the difference
/// of the log determinants of posterior and prior precision: directions with eigenvalue 0 add
/// nothing to it. (MacKay 1992, "A practical Bayesian framework for backpropagation networks".)
public struct Evidence {
    /// Log likelihood of the training examples at the trained parameters, in nats.
    public let logLikelihood: Double
    /// Squared norm of the trained parameters (‖θ‖²).
    public let squaredNorm: Double
    private let eigenvalues: Tensor  // float64

    init(logLikelihood: Double, squaredNorm: Double, eigenvalues: Tensor) {
        self.logLikelihood = logLikelihood
        self.squaredNorm = squaredNorm
        self.eigenvalues = eigenvalues
    }

    /// The log evidence at a prior precision, in nats.
    public func logEvidence(priorPrecision: Double) -> Double {
        let determinants = (eigenvalues * (1 / priorPrecision) + 1).logarithm().sum().item
        return logLikelihood - 0.5 * (determinants + priorPrecision * squaredNorm)
    }

    /// The precisions ``bestPriorPrecision`` looks at.
    public static let range = 1e-8...1e8

    /// The prior precision with the highest evidence.
    ///
    /// The derivative in log δ is `(Σ_i λ_i / (λ_i + δ) - δ ‖θ‖²) / 2`. Its first term falls and
    /// its second grows with δ, so there is one maximum, and bisection finds it.
    public var bestPriorPrecision: Double {
        var (low, high) = (log(Self.range.lowerBound), log(Self.range.upperBound))
        // 2^-50 of the range: the last digits of a double.
        for _ in 0..<50 {
            let middle = 0.5 * (low + high)
            let precision = exp(middle)
            let determined = (eigenvalues / (eigenvalues + precision)).sum().item
            if determined > precision * squaredNorm { low = middle } else { high = middle }
        }
        return exp(0.5 * (low + high))
    }
}
