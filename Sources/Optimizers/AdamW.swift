import Foundation
import Torch

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101), as in PyTorch.
public final class AdamW: Optimizer {
    /// Settings that stay the same over a run.
    public struct Settings: Equatable, Sendable {
        /// Decay of the gradient's mean (β₁), 0 ..< 1.
        public var beta1 = 0.9
        /// Decay of the squared gradient's mean (β₂), 0 ..< 1.
        public var beta2 = 0.999
        /// Added to the root of the second moment (ε).
        public var epsilon = 1e-8
        /// Decoupled weight decay, a factor of the learning rate.
        public var weightDecay = 0.0

        /// PyTorch's defaults, without weight decay.
        public init() {}
    }

    /// Step size (α).
    public var learningRate: Double
    /// Steps taken so far (t).
    public private(set) var stepCount = 0
    private let settings: Settings
    private let reduce: Reduction?
    private let parameters: FlatParameters
    private let firstMoment: Tensor  // [count]
    private let secondMoment: Tensor  // [count]

    /// An optimizer of `parameters`; one of several ranks adds up gradients by `reduce`.
    public init(
        _ parameters: FlatParameters,
        learningRate: Double,
        settings: Settings = Settings(),
        reduce: Reduction? = nil
    ) {
        self.parameters = parameters
        self.learningRate = learningRate
        self.settings = settings
        self.reduce = reduce
        firstMoment = parameters.zeros()
        secondMoment = parameters.zeros()
    }

    /// One step; `loss` is called once.
    public func step(_ loss: () throws -> Double) throws -> Double {
        parameters.gradients.zeroInPlace()
        let own = try loss()
        let value = try reduce?(parameters.gradients, own) ?? own
        withoutGradients { update(parameters.gradients) }
        return value
    }

    private func update(_ gradient: Tensor) {
        stepCount += 1
        let (beta1, beta2, steps) = (settings.beta1, settings.beta2, Double(stepCount))
        let rule = AdamWRule(
            beta1: beta1,
            beta2: beta2,
            rootScale: 1 / (1 - pow(beta2, steps)).squareRoot(),
            epsilon: settings.epsilon,
            shrinkage: (1 - learningRate * settings.weightDecay).orInfinite,
            rate: (learningRate / (1 - pow(beta1, steps))).orInfinite
        )
        parameters.values.stepInPlace(
            by: rule,
            firstMoment: firstMoment,
            secondMoment: secondMoment,
            gradient: gradient
        )
    }

    /// The two moments.
    public var state: [String: Tensor] {
        ["first_moment": firstMoment, "second_moment": secondMoment]
    }

    /// Continues where ``state`` was read after `stepCount` steps.
    public func restore(stepCount: Int, state: [String: Tensor]) {
        self.stepCount = stepCount
        copyState(from: state)
    }
}
