import Optimizers

extension TrainingMethod {
    /// Stochastic gradient descent with momentum (`beta1`): one point estimate.
    public static let sgd = TrainingMethod(
        rawValue: "sgd",
        learningRate: 0.01,
        beta2: nil,
        // The velocity, and none within a step.
        vectors: 1,
        hasPosterior: false
    ) { recipe, parameters, parallel in
        Learner(
            optimizer: SGD(
                parameters,
                learningRate: 0,
                momentum: recipe.beta1,
                weightDecay: recipe.weightDecay,
                reduce: parallel.reduction
            )
        )
    }
}
