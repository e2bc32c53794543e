import Torch

/// Stochastic gradient descent with momentum, as in PyTorch.
///
/// Sutskever, Martens, Dahl and Hinton, ICML 2013, without their look-ahead (Nesterov's).
public final class SGD: Optimizer {
    /// Step size (α).
    public var learningRate: Double
    /// Steps taken so far (t).
    public private(set) var stepCount = 0
    private let momentum: Double
    private let weightDecay: Double
    private let reduce: Reduction?
    private let parameters: FlatParameters
    private let velocity: Tensor  // [count]

    /// An optimizer of `parameters`; one of several ranks adds up gradients by `reduce`.
    ///
    /// `momentum` (μ, 0 ..< 1) is the share of the velocity that a step keeps; `weightDecay` times
    /// the parameters is added to the gradient.
    public init(
        _ parameters: FlatParameters,
        learningRate: Double,
        momentum: Double = 0.9,
        weightDecay: Double = 0,
        reduce: Reduction? = nil
    ) {
        self.parameters = parameters
        self.learningRate = learningRate
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.reduce = reduce
        velocity = parameters.zeros()
    }

    /// One step, v ← μ v + g + δ θ and θ ← θ - α v; `loss` is called once.
    public func step(_ loss: () throws -> Double) throws -> Double {
        parameters.gradients.zeroInPlace()
        let own = try loss()
        let value = try reduce?(parameters.gradients, own) ?? own
        withoutGradients {
            stepCount += 1
            velocity.multiplyInPlace(momentum)
            velocity.addInPlace(parameters.gradients)
            velocity.addInPlace(parameters.values, times: weightDecay)
            parameters.values.addInPlace(velocity, times: -learningRate.orInfinite)
        }
        return value
    }

    /// The velocity.
    public var state: [String: Tensor] { ["velocity": velocity] }

    /// Continues where ``state`` was read after `stepCount` steps.
    public func restore(stepCount: Int, state: [String: Tensor]) {
        self.stepCount = stepCount
        copyState(from: state)
    }
}
