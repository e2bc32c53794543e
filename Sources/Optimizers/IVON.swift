import Foundation
import Torch

/// IVON: variational online Newton with a diagonal Gaussian posterior.
///
/// Shen et al. 2024, arXiv 2402.17641, algorithm 1; symbols in parentheses are the paper's. The
/// posterior over the parameters (θ) is normal with mean m and variance 1 / (λ (h + δ)).
///
/// On several ranks each rank draws noise of its own, and what is averaged are gradients and
/// products of a rank's gradient with its own noise, as `ivon-opt` does: a product of averages
/// would shrink the estimate of the Hessian by the number of ranks.
public final class IVON: Optimizer {
    /// Settings that stay the same over a run; the defaults are those of the `ivon-opt` package.
    public struct Settings: Equatable, Sendable {
        /// Effective sample size (λ): the number of training examples, or more for a colder
        /// posterior.
        public var effectiveSampleSize: Double
        /// First value of the Hessian (h₀); with λ it sets the first noise.
        public var hessianInitialization = 1.0
        /// Decay of the gradient's mean (β₁), 0 ..< 1.
        public var beta1 = 0.9
        /// Decay of the Hessian's mean (β₂), 0 ..< 1.
        public var beta2 = 0.99999
        /// Weight decay (δ): the prior's precision divided by λ.
        public var weightDecay = 1e-4
        /// Bound of each element of the preconditioned step, before the learning rate (ξ).
        public var clipRadius = Double.infinity
        /// Draws of the parameters a step.
        public var draws = 1
        /// Whether the momentum is divided by 1 - β₁ᵗ.
        public var debiases = true
        /// Whether the learning rate is multiplied by h₀ + δ.
        public var rescalesLearningRate = true
        /// What a learning rate of 1 stands for.
        public var learningRateUnit = 1.0

        /// The package's defaults for an effective sample size.
        public init(effectiveSampleSize: Double) {
            self.effectiveSampleSize = effectiveSampleSize
        }
    }

    /// Standard normal numbers [count] for a draw (counted from 0) of a step (counted from 0), in a
    /// tensor that the step may change.
    public typealias NoiseSource = (_ step: Int, _ draw: Int) -> Tensor

    /// Step size (α).
    public var learningRate: Double
    /// Steps taken so far (t).
    public private(set) var stepCount = 0
    /// Settings that stay the same over a run.
    public let settings: Settings
    /// Diagonal Hessian estimate (h) [count].
    public var hessian: Tensor { diagonal }
    /// Under `clipped`, the share of the elements whose step the clip radius bounded, from 0 to 1.
    public var measures: [String: Double] { ["clipped": clippedShare?.item ?? 0] }
    private var clippedShare: Tensor?  // []

    private let parameters: FlatParameters
    private let priorMean: Tensor?
    private let noise: NoiseSource
    private let reduce: Reduction?
    // fp32: at β₂ = 0.99999 the increments of h vanish in bf16.
    private let diagonal: Tensor  // h [count]
    private let momentum: Tensor  // g [count]
    private let mean: Tensor  // m [count], kept while a draw is in the parameters
    // Means of g and of g · (θ - m) over the draws, end to end [2 · count]: one buffer, so that one
    // operation adds up both over the ranks.
    private let means: Tensor

    /// An optimizer of `parameters`, whose values are the first mean; one of several ranks adds up
    /// gradients and products by `reduce`.
    ///
    /// The prior is around `priorMean` [count], or around 0.
    public init(
        _ parameters: FlatParameters,
        learningRate: Double,
        settings: Settings,
        priorMean: Tensor? = nil,
        reduce: Reduction? = nil,
        noise: @escaping NoiseSource
    ) {
        self.parameters = parameters
        self.learningRate = learningRate
        self.settings = settings
        self.priorMean = priorMean
        self.reduce = reduce
        self.noise = noise
        diagonal = parameters.zeros() + settings.hessianInitialization
        momentum = parameters.zeros()
        mean = parameters.zeros()
        means = Tensor.concatenated([parameters.zeros(), parameters.zeros()], along: 0)
    }

    /// One step: each draw θ = m + ε / sqrt(λ (h + δ)) is in the parameters while `loss` runs.
    public func step(_ loss: () throws -> Double) throws -> Double {
        means.zeroInPlace()
        let count = parameters.count
        let gradient = means.narrowed(0, start: 0, length: count)  // mean of g [count]
        let product = means.narrowed(0, start: count, length: count)  // of g · (θ - m) [count]
        var total = 0.0
        for draw in 0..<settings.draws {
            let offset = noise(stepCount, draw)
            parameters.gradients.zeroInPlace()
            total += try withDraw(offset, loss)
            let share = 1 / Double(settings.draws)
            gradient.addInPlace(parameters.gradients, times: share)
            product.addProductInPlace(parameters.gradients, offset, times: share)
        }
        let own = total / Double(settings.draws)
        let value = try reduce?(means, own) ?? own
        withoutGradients { update(gradient, product) }
        return value
    }

    /// The posterior's standard deviation 1 / sqrt(λ (h + δ)) [count].
    public var standardDeviation: Tensor {
        ((diagonal + settings.weightDecay) * settings.effectiveSampleSize).power(-0.5)
    }

    /// Runs `body` with a draw in the parameters; `offset` is standard normal noise before and what
    /// the draw is off the mean after.
    private func withDraw<Result>(
        _ offset: Tensor,
        _ body: () throws -> Result
    ) rethrows -> Result {
        parameters.values.drawInPlace(
            keeping: mean,
            offset: offset,
            hessian: diagonal,
            sampleSize: settings.effectiveSampleSize,
            decay: settings.weightDecay
        )
        defer { parameters.values.copyInPlace(mean) }
        return try body()
    }

    /// The Hessian from the reparameterisation estimate f = λ (h + δ) E[g · (θ - m)] (Price's
    /// theorem), h ← β₂ h + (1 - β₂) f + (1 - β₂)² (h - f)² / (2 (h + δ)), and then the mean,
    /// m ← m - α clip((ḡ + δ (m - m₀)) / (h + δ)), with ḡ the momentum, debiased where asked for,
    /// and m₀ the mean of the prior.
    private func update(_ gradient: Tensor, _ product: Tensor) {
        stepCount += 1
        let rescale =
            settings.rescalesLearningRate
            ? settings.hessianInitialization + settings.weightDecay : 1
        let rule = IVONRule(
            beta1: settings.beta1,
            beta2: settings.beta2,
            sampleSize: settings.effectiveSampleSize,
            decay: settings.weightDecay,
            debias: settings.debiases ? 1 / (1 - pow(settings.beta1, Double(stepCount))) : 1,
            radius: settings.clipRadius,
            rate: (learningRate * settings.learningRateUnit * rescale).orInfinite
        )
        clippedShare = parameters.values.stepInPlace(
            by: rule,
            hessian: diagonal,
            momentum: momentum,
            gradient: gradient,
            product: product,
            prior: priorMean
        )
    }

    /// Hessian and momentum.
    public var state: [String: Tensor] { ["hessian": diagonal, "momentum": momentum] }

    /// Continues where ``state`` was read after `stepCount` steps.
    public func restore(stepCount: Int, state: [String: Tensor]) {
        self.stepCount = stepCount
        copyState(from: state)
    }
}
