import Torch

/// SWAG: a normal posterior from the moments of the last iterates of training.
///
/// Maddox et al. 2019, arXiv 1902.02476, algorithm 1: the covariance is half the diagonal of the
/// iterates' variances plus half the low-rank `D Dᵀ / (K - 1)` of their deviations.
public struct SWAGPosterior: VariancePosterior {
    /// `swag`.
    public static let name = "swag"

    /// Variance of each parameter over the snapshots [count].
    public let variance: Tensor
    /// The last snapshots, each less the mean of the snapshots up to it (D): [K, count].
    public let deviations: Tensor

    /// The posterior of the moments of at least two snapshots.
    public init(variance: Tensor, deviations: Tensor) {
        precondition(deviations.shape[0] > 1, "a covariance needs two deviations")
        self.variance = variance
        self.deviations = deviations
    }

    /// Yes: normal noise.
    public var isSymmetric: Bool { true }

    /// `sqrt(variance / 2) z₁ + D z₂ / sqrt(2 (K - 1))` with normal z₁ [count] and z₂ [K].
    public func deviation(of index: Int, from mean: Tensor, _ generator: Generator) -> Tensor {
        let rank = deviations.shape[0]
        let diagonal = generator.normal(mean.shape) * variance.squareRoot() * 0.5.squareRoot()
        let lowRank = generator.normal([1, rank]).matmul(deviations).view(mean.shape)
        return diagonal + lowRank * (1 / Double(2 * (rank - 1)).squareRoot())
    }

    /// The variance, one tensor a parameter, and the deviations as one tensor.
    public func write(to contents: inout PosteriorContents) {
        contents.add(vector: variance, as: "variance")
        contents.add(deviations, as: "deviations")
    }

    /// Reads variance and deviations.
    public init(_ contents: PosteriorContents) throws {
        variance = try contents.vector("variance", atLeast: 0)
        deviations = try contents.tensor("deviations", shape: [-1, variance.shape[0]])
        if deviations.shape[0] < 2 {
            throw contents.mismatch("deviations", "at least 2 rows", "\(deviations.shape[0])")
        }
    }
}

/// The running moments of snapshots of the parameters.
public struct SWAGMoments {
    /// Number of snapshots so far.
    public private(set) var count = 0
    /// Mean of the snapshots [count]; meaningless before the first.
    public private(set) var mean: Tensor
    private var squares: Tensor  // sum of the squared deviations [count], as Welford 1962
    private var deviations: [Tensor] = []  // each [1, count], the last K
    private let rank: Int

    /// No snapshots yet of parameters like `values` [count]; the last `rank` deviations are kept.
    public init(like values: Tensor, rank: Int) {
        mean = .zeros(like: values)
        squares = .zeros(like: values)
        self.rank = rank
    }

    /// Takes one more snapshot; the mean is updated before the deviation from it.
    public mutating func add(_ values: Tensor) {
        count += 1
        let before = values - mean
        mean = mean + before * (1 / Double(count))
        let deviation = values - mean
        squares = squares + before * deviation
        deviations.append(deviation.view([1, values.shape[0]]))
        deviations = deviations.suffix(rank)
    }

    /// The posterior of the snapshots; nil for fewer than two deviations, which have no covariance.
    public func posterior() -> SWAGPosterior? {
        guard deviations.count > 1 else { return nil }
        return SWAGPosterior(
            variance: squares * (1 / Double(count)),
            deviations: Tensor.concatenated(deviations, along: 0)
        )
    }
}
