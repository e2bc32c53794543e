import Optimizers
import Posteriors
import Randomness
import Torch

extension TrainingMethod {
    /// Variational learning: a mean and a Hessian, which give a posterior.
    public static let ivon = TrainingMethod(
        rawValue: "ivon",
        learningRate: 0.03,
        beta2: 0.99999,
        // h, momentum, mean, and four within a step.
        vectors: 7,
        hasPosterior: true
    ) { recipe, parameters, parallel in
        let (seed, rank) = (UInt64(recipe.seed), parallel.rank)
        let (count, device) = (parameters.count, parameters.values.device)
        let ivon = IVON(
            parameters,
            learningRate: 0,
            settings: IVON.Settings(recipe),
            reduce: parallel.reduction
        ) { step, draw in
            let stream = RandomStream.posterior.seed(from: seed, step, draw, rank: rank)
            return Generator(seed: stream, device: device).normal([count])
        }
        return Learner(
            optimizer: ivon,
            posterior: { IVONPosterior(ivon) },
            health: { PosteriorHealth(IVONPosterior(ivon), clippedShare: $0["clipped"]) },
            finalHealth: { PosteriorHealth(IVONPosterior(ivon), entries: parameters.entries) }
        )
    }
}

extension IVON.Settings {
    /// The settings that a resolved recipe asks for.
    init(_ recipe: Recipe) {
        self.init(effectiveSampleSize: recipe.ess)
        hessianInitialization = recipe.hessInit
        beta1 = recipe.beta1
        beta2 = recipe.beta2 ?? beta2
        weightDecay = recipe.weightDecay
        clipRadius = recipe.clipRadius
        draws = recipe.trainDraws
        debiases = recipe.debias
        rescalesLearningRate = recipe.rescaleLr
    }
}

extension IVONPosterior {
    /// The posterior that an optimizer has reached.
    fileprivate init(_ optimizer: IVON) {
        self.init(
            hessian: optimizer.hessian,
            effectiveSampleSize: optimizer.settings.effectiveSampleSize,
            weightDecay: optimizer.settings.weightDecay,
            hessianInitialization: optimizer.settings.hessianInitialization
        )
    }
}

extension PosteriorHealth {
    /// The state of a posterior as a whole.
    fileprivate init(_ posterior: IVONPosterior, clippedShare: Double?) {
        let ratio = posterior.hessian * (1 / posterior.hessianInitialization)
        self.init(
            clippedShare: clippedShare,
            hessianRatio: ratio.quantiles([0.05, 0.5, 0.95]),
            standardDeviation: posterior.standardDeviation.mean().item
        )
    }

    /// The state of a posterior as a whole and of the matrix behind each of `entries`.
    fileprivate init(_ posterior: IVONPosterior, entries: [FlatParameters.Entry]) {
        self.init(posterior, clippedShare: nil)
        layers = entries.map { LayerHealth(posterior, $0) }
    }
}

extension LayerHealth {
    /// The state of the posterior of one matrix of an adapter.
    fileprivate init(_ posterior: IVONPosterior, _ entry: FlatParameters.Entry) {
        let matrix = AdapterMatrix(entry)
        let parts = (matrix?.layer ?? entry.name).split(separator: ".")
        let ratio =
            FlatParameters.view(posterior.hessian, entry) * (1 / posterior.hessianInitialization)
        self.init(
            layer: parts.lazy.compactMap { Int($0) }.first,
            projection: parts.last.map(String.init) ?? "",
            matrix: matrix?.side.rawValue ?? "",
            hessianRatio: ratio.quantiles([0.05, 0.5, 0.95]),
            standardDeviation: FlatParameters.view(posterior.standardDeviation, entry).mean().item
        )
    }
}
