import Torch

/// All mass on the mean: a file of this kind carries a temperature, or says that there is no more.
public struct PointPosterior: PosteriorKind {
    /// `point-estimate`.
    public static let name = "point-estimate"
    /// True.
    public let isPoint = true

    /// The mean alone.
    public init() {}

    /// Zeros.
    public func deviation(of index: Int, from mean: Tensor, _ generator: Generator) -> Tensor {
        mean * 0
    }

    /// Nothing.
    public func write(to contents: inout PosteriorContents) {}

    /// Reads nothing.
    public init(_ contents: PosteriorContents) throws {}
}
