import Torch

/// Root-mean-square norm over the last dimension (arXiv 1910.07467).
struct RMSNorm {
    /// Number of elements of a row.
    let size: Int
    private let weight: Tensor  // [size]
    private let epsilon: Double
    private let type: DType  // of the result

    /// The norm at `weights`, whose factors are the stored numbers and `offset`.
    ///
    /// Its result is in the type that is computed in, or in another.
    init(
        _ weights: WeightScope,
        _ size: Int,
        epsilon: Double,
        offset: Double = 0,
        as type: DType? = nil
    ) throws {
        self.size = size
        weight = try weights.tensor("weight", [size]) + offset
        self.epsilon = epsilon
        self.type = type ?? weights.precision.compute.dtype
    }

    /// Division of rows of `size` numbers by their length: by √(sum of squares + `epsilon`).
    init(unitLength size: Int, epsilon: Double, _ weights: WeightScope) {
        self.size = size
        weight = .full([size], 1 / Double(size).squareRoot(), device: weights.device)
        self.epsilon = epsilon / Double(size)
        type = weights.precision.compute.dtype
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        x.rmsNorm(weight: weight, epsilon: epsilon, as: type)
    }
}
