import Metrics
import Posteriors
import Torch
import Training

extension Method {
    /// TFB: the largest noise whose effect on the validation NLL stays within a budget.
    ///
    /// Shi et al. 2024, arXiv 2412.05723: bounds, number of halvings and budget are theirs; the
    /// anchors are the validation part.
    static let tfb = Method(name: "tfb", source: "map") { study in
        var posterior = try study.loadSource()
        let recipe = try study.sourceRun.readRecipe()
        let isotropic = try withTorchErrors {
            TFBPosterior(noise: 0, around: posterior.adapted.parameters)
        }
        let atMean = try Metric.negativeLogLikelihood(
            [Prediction](contentsOf: study.sourceRun.predictions("validation"))
        )
        let (budget, halvings, largest) = (atMean * 1.003, 5, 0.015)
        var (low, high) = (0.0, largest)
        for _ in 0..<halvings {
            let middle = 0.5 * (low + high)
            posterior.kind = isotropic.withNoise(middle)
            let loss = try Metric.negativeLogLikelihood(
                study.validationPredictions(posterior, recipe: recipe)
            )
            if loss <= budget { low = middle } else { high = middle }
        }
        posterior.kind = isotropic.withNoise(low)
        try study.finish(posterior)
    }
}
