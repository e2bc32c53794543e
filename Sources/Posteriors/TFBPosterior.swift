import Optimizers
import Torch

/// Training-free Bayesianisation: noise on A that changes the adapter's product by an isotropic
/// amount.
///
/// Shi et al. 2024, arXiv 2412.05723. With the singular values D and right singular vectors V of
/// B, a draw is `A + V diag(β / D) E` with standard normal E [rank, in], so that `B A` changes by
/// β U E: one noise size β for all layers.
public struct TFBPosterior: Posterior {
    /// `tfb`.
    public static let name = "tfb"

    /// The noise size (β).
    public let noise: Double
    // V diag(1 / D) of the B that belongs to each A, by the name of A: [rank, rank].
    private let rotations: [String: Tensor]
    private let places: [FlatParameters.Entry]  // every A [rank, in]

    /// The posterior of one noise size around the present values of `parameters`.
    public init(noise: Double, around parameters: FlatParameters) {
        var rotations: [String: Tensor] = [:]
        for entry in parameters.entries.matricesA {
            guard let entryB = parameters.entries.matrixB(of: entry) else { continue }
            // fp64: the product below squares B's condition, which fp32 would leave no digits of.
            let b = FlatParameters.view(parameters.values, entryB).detached().to(.float64)
            // Bᵀ B = V D² Vᵀ. Directions that B does not use get no more noise than a tiny D.
            let (squares, v) = b.transposed(0, 1).matmul(b).symmetricEigen()
            let largest = squares.doubles.last ?? 0
            let floor = max(largest * 1e-12, .leastNormalMagnitude)
            let inverse = squares.clamped(floor...Double.infinity).power(-0.5)  // 1 / D
            // Row-major, as a file gives it: the order in memory changes how products are rounded.
            rotations[entry.name] = (v * inverse).to(parameters.values.dtype).rowMajor
        }
        self.init(noise: noise, rotations: rotations, of: parameters.entries)
    }

    /// The same noise with another size (β).
    public func withNoise(_ noise: Double) -> TFBPosterior {
        TFBPosterior(noise: noise, rotations: rotations, of: places)
    }

    private init(noise: Double, rotations: [String: Tensor], of entries: [FlatParameters.Entry]) {
        self.noise = noise
        self.rotations = rotations
        places = entries.matricesA
    }

    /// Yes: normal noise.
    public var isSymmetric: Bool { true }

    /// V diag(β / D) E at every A and 0 elsewhere.
    public func deviation(of index: Int, from mean: Tensor, _ generator: Generator) -> Tensor {
        let result = Tensor.zeros(like: mean)
        for place in places {
            guard let rotation = rotations[place.name] else { continue }
            let change = rotation.matmul(generator.normal(place.shape)) * noise  // [rank, in]
            result.narrowed(0, start: place.range.lowerBound, length: place.range.count)
                .copyInPlace(change.view([place.range.count]))
        }
        return result
    }

    /// The noise size and the matrices.
    public func write(to contents: inout PosteriorContents) {
        contents.add(noise, as: "noise")
        for (name, rotation) in rotations { contents.add(rotation, as: "rotation.\(name)") }
    }

    /// Reads noise size and matrices.
    public init(_ contents: PosteriorContents) throws {
        var rotations: [String: Tensor] = [:]
        for entry in contents.entries.matricesA {
            let rank = entry.shape[0]
            rotations[entry.name] = try contents.tensor(
                "rotation.\(entry.name)",
                shape: [rank, rank]
            )
        }
        self.init(
            noise: try contents.number("noise", atLeast: 0),
            rotations: rotations,
            of: contents.entries
        )
    }
}
