import Optimizers
import Posteriors
import Randomness
import Torch

extension TrainingMethod {
    /// IVON with a prior around the adapters' first values, and no setting to choose for a task.
    ///
    /// Every width is one number for all parameters, and found by what draws do to the answers
    /// (`AnswerProbe`), in nats by which these change.
    ///
    /// The noise of the steps, of standard deviation σ, changes the untouched model's answers by
    /// 0.05 nats for each bit of an answer, log₂ of the number of options (`noise-kl`). Under it
    /// only what holds for all models nearby is learnt. More than 64 training examples tell finer
    /// things, which as much noise would drown, so with them these nats fall with the root of their
    /// number.
    ///
    /// Steps have one length for all parameters, as IVON's have where its clip radius bounds
    /// nearly all of them, and the length is a share of σ: with a learning rate of 1 that falls to
    /// 0, all steps of a training together lead no parameter farther than 0.8 σ times the root of
    /// the bits of an answer, however many there are. Fewer than a hundred are as long as if they
    /// were a hundred, and lead less far.
    ///
    /// The prior's standard deviation s is that by which draws of B change the answers by κ nats
    /// (`prior-kl`): four times the squared loss of the untouched model, since what has to be
    /// learnt is a change of the answers' logits of about that loss. Small changes grow with the
    /// square of the width.
    ///
    /// The posterior is what was trained under: around the mean, with the noise of the steps.
    public static let automaticIVON = TrainingMethod(
        rawValue: "ivon-auto",
        learningRate: 1,
        beta2: 0.99999,
        warmUp: 0.1,
        // 64 for the loss, 16 as they are, and 8 of each draw at each width that is tried.
        searchAnswers: 450,
        unread: ["weight-decay", "ess", "hess-init", "clip-radius", "debias", "rescale-lr"],
        // IVON's seven, and the mean of the prior.
        vectors: 8,
        hasPosterior: true
    ) { start in
        let (recipe, parameters) = (start.recipe, start.parameters)
        let widths = try AutomaticWidths(start)
        // The prior's precision 1 / s², divided by λ as the loss is: 1 / n s².
        let decay = 1 / (widths.termCount * widths.prior * widths.prior)
        var settings = IVON.Settings(effectiveSampleSize: 1 / (widths.noise * widths.noise * decay))
        settings.hessianInitialization = 0
        settings.weightDecay = decay
        settings.beta1 = recipe.beta1
        settings.beta2 = recipe.beta2 ?? settings.beta2
        settings.draws = recipe.trainDraws
        settings.rescalesLearningRate = false
        settings.clipRadius = 1e-7 / decay  // Of gradients: only the smallest stay as they are.
        let farthest = 0.8 * widths.bits.squareRoot() * widths.noise
        let length = 2 * farthest / Double(max(recipe.steps, 100))
        settings.learningRateUnit = length / settings.clipRadius
        let ivon = IVON(
            parameters,
            learningRate: 0,
            settings: settings,
            priorMean: parameters.values.clone(),
            reduce: start.parallel.reduction,
            noise: start.noise
        )
        func health(of entries: [FlatParameters.Entry]?) -> PosteriorHealth {
            PosteriorHealth(
                ratio: ivon.hessian * (1 / decay) + 1,
                deviation: ivon.standardDeviation,
                entries: entries
            )
        }
        return Learner(
            optimizer: ivon,
            posterior: {
                NormalPosterior(
                    variance: ivon.standardDeviation.power(2),
                    effectiveSampleSize: settings.effectiveSampleSize
                )
            },
            health: { _ in health(of: nil) },
            finalHealth: { health(of: parameters.entries) },
            searchSeconds: widths.seconds
        )
    }
}

/// The standard deviations that `ivon-auto` works with.
private struct AutomaticWidths {
    /// Terms of the loss (n).
    let termCount: Double
    /// The bits of an answer.
    let bits: Double
    /// Of the prior (s).
    let prior: Double
    /// Of the noise of the steps, and of the posterior (σ).
    let noise: Double
    /// How long it took to find them; nil where nothing was looked at.
    let seconds: Double?

    /// - Throws: `TorchError` when the engine fails.
    init(_ start: TrainingMethod.Start) throws {
        let begin = ContinuousClock.now
        guard let probe = try start.probe?() else {
            (termCount, bits, prior, noise, seconds) = (1, 1, 1, 1, nil)
            return
        }
        let (recipe, parameters) = (start.recipe, start.parameters)
        func normal(of width: Double, _ draw: Int) -> Tensor {
            let seed = RandomStream.prior.seed(from: UInt64(recipe.seed), draw)
            let generator = Generator(seed: seed, device: parameters.values.device)
            return generator.normal([parameters.count]) * width
        }
        termCount = Double(probe.termCount)
        let loss = try probe.loss()
        // Far beyond, the square is no law.
        let (small, matrixB) = (0.02, parameters.maskOfZeros)
        let factor = try probe.factor(for: small, draws: 8) { normal(of: $0, $1) * matrixB }
        prior = factor * ((recipe.priorKl ?? 4 * loss * loss) / small).squareRoot()
        let fineness = min(1, (64 / Double(probe.exampleCount)).squareRoot())
        bits = probe.bits
        noise = try probe.factor(for: recipe.noiseKl ?? 0.05 * bits * fineness, draws: 8, normal)
        seconds = (ContinuousClock.now - begin).inSeconds
    }
}

extension FlatParameters {
    /// 1 where a value is 0, as all of B are before the first step, and 0 elsewhere [count].
    fileprivate var maskOfZeros: Tensor {
        values.magnitude().greater(than: 0).to(.float32) * -1 + 1
    }
}
