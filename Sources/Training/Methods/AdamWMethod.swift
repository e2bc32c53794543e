import Optimizers

extension TrainingMethod {
    /// The usual optimizer: one point estimate.
    public static let adamw = TrainingMethod(
        rawValue: "adamw",
        learningRate: 5e-5,
        beta2: 0.999,
        // Two moments, and three within a step.
        vectors: 5,
        hasPosterior: false
    ) { recipe, parameters, parallel in
        var settings = AdamW.Settings()
        settings.beta1 = recipe.beta1
        settings.beta2 = recipe.beta2 ?? settings.beta2
        settings.weightDecay = recipe.weightDecay
        return Learner(
            optimizer: AdamW(
                parameters,
                learningRate: 0,
                settings: settings,
                reduce: parallel.reduction
            )
        )
    }
}
