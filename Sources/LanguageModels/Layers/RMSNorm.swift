import Torch

/// Root-mean-square norm over the last dimension (arXiv 1910.07467).
struct RMSNorm {
    /// Number of elements of a row.
    let size: Int
    private let weight: Tensor  // [size]
    private let epsilon: Double

    /// The norm at `weights`, whose factors are the stored numbers and `offset`.
    init(_ weights: WeightScope, _ size: Int, epsilon: Double, offset: Double = 0) throws {
        self.size = size
        weight = try weights.tensor("weight", [size]) + offset
        self.epsilon = epsilon
    }

    func callAsFunction(_ x: Tensor) -> Tensor { x.rmsNorm(weight: weight, epsilon: epsilon) }
}
