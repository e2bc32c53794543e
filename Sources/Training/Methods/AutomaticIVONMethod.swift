import Optimizers
import Posteriors
import Randomness
import Torch

extension TrainingMethod {
    /// IVON with a prior around the adapters' first values, and no setting to choose for a task.
    ///
    /// Prior, step size and noise are set by what they do to the answers. The prior of a matrix A
    /// has the spread of A's first values. That of B has the spread with which draws of the prior
    /// change the answers by κ nats, where for small changes this grows with the square of the
    /// spread: κ (`prior-kl`) is twice the squared loss L₀ of the untouched model, since what has
    /// to be learnt is a change of the answers' logits of about L₀.
    ///
    /// A learning rate of 1 is the smaller one of two: a quarter of what is stable under the
    /// curvature that this prior and n terms of the loss imply, and the rate at which the noise of
    /// the gradients spreads the parameters by half the prior's variance (`StepRate`): with more of
    /// it a model is like a draw of the prior. κ is half the trace of the answers' Fisher matrix in
    /// units of the prior. Its largest eigenvalue is at most the trace over √d, with d the trace's
    /// square over the sum of the squared eigenvalues: 2 / d is the relative variance of what draws
    /// change. So the curvature is at most 1 + 2 n κ / √d. As the first gradients are the largest,
    /// the rate rises over the first tenth of the steps.
    ///
    /// The posterior has the shape of the prior, and a width with which its draws change the
    /// answers by κ₀ nats (`draw-kl`). Half of what draws of the prior change comes from A, whose
    /// square has twice its first values' mean in them; in draws so much narrower, nothing does.
    /// So the variance is that of the prior times 2 κ₀ / κ. Steps are
    /// taken under a quarter of that noise: the whole of it, under steps twice as long, has kept
    /// the mean from learning.
    public static let automaticIVON = TrainingMethod(
        rawValue: "ivon-auto",
        learningRate: 1,
        beta2: 0.99999,
        warmUp: 0.1,
        // IVON's seven, mean and decay of the prior.
        vectors: 9,
        hasPosterior: true
    ) { start in
        let (recipe, parameters) = (start.recipe, start.parameters)
        let termCount = Double(start.probe?.termCount ?? 1)
        let loss = try start.probe?.loss() ?? 1
        let priorKl = recipe.priorKl ?? 2 * loss * loss
        let (prior, dimension) = try start.priorDeviation(priorKl)
        let coldness = 16.0  // The posterior's variance over that of the noise of steps.
        let sampleSize = termCount * priorKl / (2 * recipe.drawKl)
        var settings = IVON.Settings(effectiveSampleSize: coldness * sampleSize)
        settings.hessianInitialization = 0
        settings.beta1 = recipe.beta1
        settings.beta2 = recipe.beta2 ?? settings.beta2
        settings.draws = recipe.trainDraws
        settings.rescalesLearningRate = false
        let curvature = 1 + 2 * termCount * priorKl / dimension.squareRoot()
        let batches = Double(start.probe?.exampleCount ?? 1) / Double(recipe.batchSize)
        settings.learningRateUnit = min(
            StepRate.stable(under: curvature, beta1: recipe.beta1),
            StepRate.quiet(0.5, batches: max(1, batches))
        )
        let decay = prior.power(-2) * (1 / termCount)
        let ivon = IVON(
            parameters,
            learningRate: 0,
            settings: settings,
            prior: IVON.Prior(mean: parameters.values.clone(), decay: decay),
            reduce: start.parallel.reduction,
            noise: start.noise
        )
        func health(of entries: [FlatParameters.Entry]?) -> PosteriorHealth {
            PosteriorHealth(
                ratio: ivon.hessian / decay + 1,
                deviation: ivon.standardDeviation * coldness.squareRoot(),
                entries: entries
            )
        }
        return Learner(
            optimizer: ivon,
            posterior: {
                NormalPosterior(
                    variance: ivon.standardDeviation.power(2) * coldness,
                    effectiveSampleSize: sampleSize
                )
            },
            health: { _ in health(of: nil) },
            finalHealth: { health(of: parameters.entries) }
        )
    }
}

extension TrainingMethod.Start {
    /// The standard deviation of each parameter [count] in a prior whose draws change the answers
    /// by `divergence` nats.
    fileprivate func priorDeviation(
        _ divergence: Double
    ) throws -> (deviation: Tensor, dimension: Double) {
        // Of the matrices A, and where those of B are, with zeros elsewhere.
        let (first, rest) = (Tensor.zeros(like: parameters.values), parameters.values.clone())
        withoutGradients {
            for entry in parameters.entries {
                let values = FlatParameters.view(parameters.values, entry)
                let spread = values.power(2).mean().item.squareRoot()
                FlatParameters.view(first, entry).copyInPlace(values * 0 + spread)
                FlatParameters.view(rest, entry).copyInPlace(values * 0 + (spread > 0 ? 0 : 1))
            }
        }
        guard let probe else { return (first + rest, 1) }
        let (seed, device) = (UInt64(recipe.seed), parameters.values.device)
        // Where answers change little, by the square of the factor; beyond, there is no such law.
        let small = 0.02
        let (factor, dimension) = try probe.factor(for: small, draws: 8) { factor, draw in
            let stream = RandomStream.prior.seed(from: seed, draw)
            let noise = Generator(seed: stream, device: device).normal([parameters.count])
            return noise * (first + rest * factor)
        }
        return (first + rest * (factor * (divergence / small).squareRoot()), dimension)
    }
}

/// Rates of steps (α): a step adds to the parameters, in units of the prior's deviation, -α times
/// the momentum of the gradient of the loss summed over all n terms and the prior.
enum StepRate {
    /// A quarter of the largest rate at which steps with the momentum β₁ do not diverge under a
    /// curvature.
    static func stable(under curvature: Double, beta1: Double) -> Double {
        0.5 * (1 + beta1) / (1 - beta1) / curvature
    }

    /// The rate at which the noise of the gradients spreads the parameters by a `variance`.
    ///
    /// A gradient is that of b of the n terms. Where its covariance is the Fisher matrix over b,
    /// and that is the curvature, too, the variance is α n / 2b in every direction, whatever the
    /// momentum (Mandt et al. 2017, arXiv 1704.04289). `batches` is n / b.
    static func quiet(_ variance: Double, batches: Double) -> Double {
        2 * variance / batches
    }
}
