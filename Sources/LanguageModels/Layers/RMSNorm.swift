import Torch

/// Root-mean-square norm over the last dimension (arXiv 1910.07467).
struct RMSNorm {
    /// Number of elements of a row.
    let size: Int
    private let weight: Tensor  // [size]
    private let epsilon: Double

    /// The norm at `weights`.
    init(_ weights: WeightScope, _ size: Int, epsilon: Double) throws {
        self.size = size
        weight = try weights.tensor("weight", [size])
        self.epsilon = epsilon
    }

    func callAsFunction(_ x: Tensor) -> Tensor { x.rmsNorm(weight: weight, epsilon: epsilon) }
}
