import Optimizers

extension TrainingMethod {
    /// The usual optimizer: one point estimate.
    public static let adamw = TrainingMethod(
        rawValue: "adamw",
        learningRate: 5e-5,
        beta2: 0.999,
        unread: [
            "ess", "hess-init", "clip-radius", "train-draws", "debias", "rescale-lr",
            "prior-kl", "noise-kl",
        ],
        // Two moments, and three within a step.
        vectors: 5,
        hasPosterior: false
    ) { start in
        var settings = AdamW.Settings()
        settings.beta1 = start.recipe.beta1
        settings.beta2 = start.recipe.beta2 ?? settings.beta2
        settings.weightDecay = start.recipe.weightDecay
        return Learner(
            optimizer: AdamW(
                start.parameters,
                learningRate: 0,
                settings: settings,
                reduce: start.parallel.reduction
            )
        )
    }
}
