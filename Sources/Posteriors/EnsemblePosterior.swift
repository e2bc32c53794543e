import Torch

/// A deep ensemble: models trained from different seeds, each with the same weight.
///
/// Lakshminarayanan et al. 2017, arXiv 1612.01474. The first member takes the place of the mean;
/// draw i is member i.
public struct EnsemblePosterior: Posterior {
    /// `ensemble`.
    public static let name = "ensemble"

    /// Every member's parameters less those of the first: [members, count].
    public let differences: Tensor

    /// The number of members.
    public var drawLimit: Int? { differences.shape[0] }

    /// An ensemble of the members' parameters, each [count], at least one.
    public init(_ members: [Tensor]) {
        precondition(!members.isEmpty, "an ensemble needs a member")
        differences = Tensor.concatenated(
            members.map { ($0 - members[0]).view([1, members[0].shape[0]]) },
            along: 0
        )
    }

    /// What turns the first member into another one.
    public func deviation(of index: Int, from mean: Tensor, _ generator: Generator) -> Tensor {
        differences.narrowed(0, start: index, length: 1).view(mean.shape)
    }

    /// The differences, as one tensor.
    public func write(to contents: inout PosteriorContents) {
        contents.add(differences, as: "differences")
    }

    /// Reads the differences.
    public init(_ contents: PosteriorContents) throws {
        let count = contents.entries.last?.range.upperBound ?? 0
        differences = try contents.tensor("differences", shape: [-1, count])
    }
}
