import Metrics
import Posteriors
import Torch
import Training

extension Method {
    /// TFB: the largest noise whose effect on the validation NLL stays within a budget.
    ///
    /// Shi et al. 2024, arXiv 2412.05723: bounds, number of halvings and budget are theirs; the
    /// anchors are the validation part.
    static let tfb = Method(name: "tfb", source: "map", usesValidation: always) { study in
        var trained = try study.loadSource()
        let isotropic = try withTorchErrors {
            TFBPosterior(noise: 0, around: trained.adapted.parameters)
        }
        let atMean = try Metric.nll(
            [Prediction](contentsOf: study.sourceRun.predictions("validation"))
        )
        let (budget, halvings, largest) = (atMean * 1.003, 5, 0.015)
        var (low, high) = (0.0, largest)
        for _ in 0..<halvings {
            let middle = 0.5 * (low + high)
            trained.posterior = isotropic.withNoise(middle)
            let loss = try Metric.nll(study.validationPredictions(trained))
            if loss <= budget { low = middle } else { high = middle }
        }
        trained.posterior = isotropic.withNoise(low)
        try study.finish(trained)
    }
}
