import Optimizers
import Posteriors
import Torch

/// Parameters of a tiny adapter: A [2, 3] and B [4, 2].
func tinyParameters() -> FlatParameters {
    let parameters = FlatParameters([
        ("x.q_proj.lora_A.weight", [2, 3]), ("x.q_proj.lora_B.weight", [4, 2]),
    ])
    parameters.values.copyInPlace(Generator(seed: 1).normal([parameters.count]))
    return parameters
}

/// One posterior of each kind that draws, with numbers of no meaning.
enum Kinds {
    static let names = PosteriorFile.kinds.map { $0.name }

    static func make(_ name: String, _ parameters: FlatParameters) -> (any Posterior)? {
        let generator = Generator(seed: 2)
        let count = parameters.count
        switch name {
        case IVONPosterior.name:
            return IVONPosterior(
                hessian: generator.uniform([count], 0.1..<2),
                effectiveSampleSize: 10,
                weightDecay: 0.25,
                hessianInitialization: 1e-3
            )
        case NormalPosterior.name:
            return NormalPosterior(
                variance: generator.uniform([count], 0.1..<2),
                effectiveSampleSize: 10
            )
        case DropoutPosterior.name:
            return DropoutPosterior(probability: 0.3, of: parameters.entries)
        case SWAGPosterior.name:
            return SWAGPosterior(
                variance: generator.uniform([count], 0.1..<1),
                deviations: generator.normal([4, count])
            )
        case EnsemblePosterior.name:
            return EnsemblePosterior((0..<4).map { _ in generator.normal([count]) })
        case TFBPosterior.name:
            return TFBPosterior(noise: 0.2, around: parameters)
        case LaplaceDiagonalPosterior.name:
            return LaplaceDiagonalPosterior(
                fisher: generator.uniform([count], 0..<3),
                priorPrecision: 0.5,
                of: parameters.entries
            )
        case LaplaceKroneckerPosterior.name:
            return kronecker(parameters, generator)
        default:
            return nil
        }
    }

    /// Sides of full rank where they are 2 wide, and of rank 2 where they are wider.
    static func kronecker(
        _ parameters: FlatParameters,
        _ generator: Generator
    ) -> LaplaceKroneckerPosterior {
        func side(_ width: Int) -> (values: Tensor, vectors: Tensor) {
            let root = generator.normal([width, width], dtype: .float64)
            let (values, vectors) = root.matmul(root.transposed(0, 1)).symmetricEigen()
            return (
                values.narrowed(0, start: width - 2, length: 2),
                vectors.narrowed(1, start: width - 2, length: 2)
            )
        }
        let curvatures = parameters.entries.map { entry in
            let (output, input) = (side(entry.shape[0]), side(entry.shape[1]))
            return KroneckerCurvature(
                outputVectors: output.vectors,
                outputValues: output.values,
                inputVectors: input.vectors,
                inputValues: input.values
            )
        }
        return LaplaceKroneckerPosterior(
            curvatures: curvatures,
            priorPrecision: 0.5,
            of: parameters.entries
        )
    }
}
