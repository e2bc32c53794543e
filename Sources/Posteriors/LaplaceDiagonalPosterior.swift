import Optimizers
import Torch

/// A Laplace approximation with the diagonal of the Fisher matrix.
///
/// The variance is `1 / (F + δ)` with the Fisher diagonal F, summed over the training examples, and
/// the prior precision δ (for adapters: Yang et al. 2023, arXiv 2308.13111).
public struct LaplaceDiagonalPosterior: LaplacePosterior, DiagonalPosterior {
    /// `laplace-diagonal`.
    public static let name = "laplace-diagonal"

    /// Precision of the prior (δ), positive.
    public var priorPrecision: Double
    /// Diagonal of the Fisher matrix (F) [count].
    public let fisher: Tensor
    private let entries: [FlatParameters.Entry]

    /// The posterior of a Fisher diagonal (F) [count] of the parameters of `entries`.
    public init(fisher: Tensor, priorPrecision: Double, of entries: [FlatParameters.Entry]) {
        self.fisher = fisher
        self.priorPrecision = priorPrecision
        self.entries = entries
    }

    /// The Fisher diagonal.
    public var curvature: Tensor { fisher.to(.float64) }

    /// The Fisher diagonal.
    public var curvatureEigenvalues: Tensor { curvature }

    /// The posterior of several data sets, whose Fisher diagonals are sums over examples.
    public init(adding parts: [(posterior: LaplaceDiagonalPosterior, weight: Double)]) {
        self.init(
            fisher: weightedSum(parts.map { ($0.posterior.fisher, $0.weight) }).to(.float32),
            priorPrecision: Self.meanPriorPrecision(of: parts),
            of: parts[0].posterior.entries
        )
    }

    /// Every element times its parameter's standard deviation.
    public func whitened(_ matrices: Tensor, of index: Int) -> Tensor {
        let fisher = FlatParameters.view(fisher, entries[index])
        return matrices * (fisher + priorPrecision).power(-0.5)
    }

    /// Yes: normal noise.
    public var isSymmetric: Bool { true }

    /// Normal noise times the standard deviation.
    public func deviation(of index: Int, from mean: Tensor, _ generator: Generator) -> Tensor {
        generator.normal(mean.shape) * (fisher + priorPrecision).power(-0.5)
    }

    /// The Fisher diagonal, one tensor a parameter, and the prior precision.
    public func write(to contents: inout PosteriorContents) {
        contents.add(vector: fisher, as: "fisher")
        contents.add(priorPrecision, as: "prior_precision")
    }

    /// Reads the Fisher diagonal and the prior precision.
    public init(_ contents: PosteriorContents) throws {
        self.init(
            fisher: try contents.vector("fisher", atLeast: 0),
            priorPrecision: try contents.positive("prior_precision"),
            of: contents.entries
        )
    }
}
