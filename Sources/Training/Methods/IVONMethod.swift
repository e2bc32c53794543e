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
        unread: ["prior-kl", "noise-kl"],
        // h, momentum, mean, and four within a step.
        vectors: 7,
        hasPosterior: true
    ) { start in
        let (recipe, parameters) = (start.recipe, start.parameters)
        let ivon = IVON(
            parameters,
            learningRate: 0,
            settings: IVON.Settings(recipe),
            reduce: start.parallel.reduction,
            noise: start.noise
        )
        func health(_ share: Double?, _ entries: [FlatParameters.Entry]?) -> PosteriorHealth {
            PosteriorHealth(
                ratio: ivon.hessian * (1 / recipe.hessInit),
                deviation: ivon.standardDeviation,
                clippedShare: share,
                entries: entries
            )
        }
        return Learner(
            optimizer: ivon,
            posterior: { IVONPosterior(ivon) },
            health: { health($0["clipped"], nil) },
            finalHealth: { health(nil, parameters.entries) }
        )
    }
}

extension TrainingMethod.Start {
    /// The noise of IVON's draws, each rank's its own.
    var noise: IVON.NoiseSource {
        let (seed, rank) = (UInt64(recipe.seed), parallel.rank)
        let (count, device) = (parameters.count, parameters.values.device)
        return { step, draw in
            let stream = RandomStream.posterior.seed(from: seed, step, draw, rank: rank)
            return Generator(seed: stream, device: device).normal([count])
        }
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
    /// The state of a posterior as a whole, and of the matrix behind each of `entries`.
    ///
    /// `ratio` is the precision over its first value [count], `deviation` the standard deviation
    /// [count].
    init(
        ratio: Tensor,
        deviation: Tensor,
        clippedShare: Double? = nil,
        entries: [FlatParameters.Entry]? = nil
    ) {
        self.init(
            clippedShare: clippedShare,
            hessianRatio: ratio.quantiles([0.05, 0.5, 0.95]),
            standardDeviation: deviation.mean().item
        )
        layers = entries?.map { LayerHealth($0, ratio: ratio, deviation: deviation) }
    }
}

extension LayerHealth {
    /// The state of the posterior of one matrix of an adapter.
    fileprivate init(_ entry: FlatParameters.Entry, ratio: Tensor, deviation: Tensor) {
        let matrix = AdapterMatrix(entry)
        let parts = (matrix?.layer ?? entry.name).split(separator: ".")
        self.init(
            layer: parts.lazy.compactMap { Int($0) }.first,
            projection: parts.last.map(String.init) ?? "",
            matrix: matrix?.side.rawValue ?? "",
            hessianRatio: FlatParameters.view(ratio, entry).quantiles([0.05, 0.5, 0.95]),
            standardDeviation: FlatParameters.view(deviation, entry).mean().item
        )
    }
}
