import Torch

/// A normal posterior whose precision is P = H + δ I: the curvature H of the loss at the mean, and
/// the precision δ of a normal prior around 0.
public protocol LaplacePosterior: Posterior {
    /// Precision of the prior (δ), positive.
    var priorPrecision: Double { get set }

    /// The eigenvalues of the curvature H that may differ from 0, float64.
    var curvatureEigenvalues: Tensor { get }

    /// The symmetric root `P^(-1/2)` applied to matrices shaped as parameter `index`:
    /// [..., rows, columns].
    func whitened(_ matrices: Tensor, of index: Int) -> Tensor
}
