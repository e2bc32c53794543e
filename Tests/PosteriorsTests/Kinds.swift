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
    static let names = PosteriorFile.kinds.map { $0.name }.filter {
        $0 != PointPosterior.name
    }

    static func make(_ name: String, _ parameters: FlatParameters) -> (any PosteriorKind)? {
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
        default:
            return nil
        }
    }
}
