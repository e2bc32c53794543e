import Optimizers

extension TrainingMethod {
    /// Stochastic gradient descent with momentum (`beta1`): one point estimate.
    public static let sgd = TrainingMethod(
        rawValue: "sgd",
        learningRate: 0.01,
        beta2: nil,
        unread: [
            "beta2", "ess", "hess-init", "clip-radius", "train-draws", "debias", "rescale-lr",
            "prior-kl", "noise-kl",
        ],
        // The velocity, and none within a step.
        vectors: 1,
        hasPosterior: false
    ) { start in
        Learner(
            optimizer: SGD(
                start.parameters,
                learningRate: 0,
                momentum: start.recipe.beta1,
                weightDecay: start.recipe.weightDecay,
                reduce: start.parallel.reduction
            )
        )
    }
}
