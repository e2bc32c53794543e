import Optimizers
import Torch

/// A Laplace approximation with a Kronecker-factored Fisher matrix of each adapter matrix (KFAC).
///
/// Martens and Grosse 2015, arXiv 1503.05671; for adapters, with low-rank factors on their wide
/// sides, Yang et al. 2023, arXiv 2308.13111.
public struct LaplaceKroneckerPosterior: LaplacePosterior {
    /// `laplace-kfac`.
    public static let name = "laplace-kfac"

    /// Precision of the prior (δ), positive.
    public var priorPrecision: Double
    /// The curvature of each matrix, in the order of the parameters.
    public let curvatures: [KroneckerCurvature]
    private let entries: [FlatParameters.Entry]

    /// The posterior of the curvature of each matrix of `entries`.
    public init(
        curvatures: [KroneckerCurvature],
        priorPrecision: Double,
        of entries: [FlatParameters.Entry]
    ) {
        precondition(curvatures.count == entries.count, "a curvature is needed for each matrix")
        self.curvatures = curvatures
        self.priorPrecision = priorPrecision
        self.entries = entries
    }

    /// Products of the eigenvalues of the two sides, of all matrices.
    public var curvatureEigenvalues: Tensor {
        Tensor.concatenated(curvatures.map { $0.values.reshaped([-1]) }, along: 0).to(.float64)
    }

    /// The root of the covariance of parameter `index` applied to matrices [..., out, in].
    public func whitened(_ matrices: Tensor, of index: Int) -> Tensor {
        curvatures[index].whitened(matrices, priorPrecision: priorPrecision)
    }

    /// Yes: normal noise.
    public var isSymmetric: Bool { true }

    /// The root of the covariance applied to normal noise.
    public func deviation(of index: Int, from mean: Tensor, _ generator: Generator) -> Tensor {
        let noise = generator.normal(mean.shape)
        let parts = entries.indices.map {
            whitened(FlatParameters.view(noise, entries[$0]), of: $0).reshaped([-1])
        }
        return Tensor.concatenated(parts, along: 0)
    }

    /// The eigenvectors and eigenvalues of both sides of each matrix, and the prior precision.
    public func write(to contents: inout PosteriorContents) {
        for (entry, curvature) in zip(entries, curvatures) {
            curvature.write(to: &contents, of: entry.name)
        }
        contents.add(priorPrecision, as: "prior_precision")
    }

    /// Reads the curvatures and the prior precision.
    public init(_ contents: PosteriorContents) throws {
        self.init(
            curvatures: try contents.entries.map { try KroneckerCurvature(contents, of: $0) },
            priorPrecision: try contents.positive("prior_precision"),
            of: contents.entries
        )
    }
}
