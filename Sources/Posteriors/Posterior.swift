import Torch

/// How the draws of a method deviate from its mean, and what of it is stored.
///
/// A new kind is one file and one row of ``PosteriorFile/kinds``.
public protocol Posterior {
    /// The kind's name in `posterior.safetensors`.
    static var name: String { get }

    /// The number of different draws, where it is limited.
    var drawLimit: Int? { get }

    /// Whether a deviation is as likely as its opposite, so that draws may come in opposite pairs.
    var isSymmetric: Bool { get }

    /// The deviation of draw `index` from `mean` [count] at variance scale 1: [count].
    ///
    /// `generator` stands at the start of the draw's own stream of random numbers.
    func deviation(of index: Int, from mean: Tensor, _ generator: Generator) -> Tensor

    /// Adds to `contents` what ``init(_:)`` needs.
    func write(to contents: inout PosteriorContents)

    /// A kind from what a file holds.
    ///
    /// - Throws: `TensorFileError` or ``PosteriorFileError`` when something is missing, has another
    ///   shape or is out of range.
    init(_ contents: PosteriorContents) throws
}

extension Posterior {
    /// None: any number of draws.
    public var drawLimit: Int? { nil }

    /// No: what is not said to be symmetric is drawn independently.
    public var isSymmetric: Bool { false }
}
