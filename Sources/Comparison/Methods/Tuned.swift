import Evaluation
import Laplace
import Metrics
import Posteriors
import Torch
import Training

extension Method {
    /// A posterior with the variance scale (τ) that has the lowest NLL on the validation part.
    ///
    /// The grid contains 0, the mean: tuning can say that draws do not help.
    static func tuned(_ source: String) -> Method {
        Method(name: source + "-tuned", source: source) { study in
            var posterior = try study.loadSource()
            let curve = try study.varianceScaleCurve(posterior)
            guard let best = curve.min(by: { $0.nll < $1.nll })?.varianceScale else {
                preconditionFailure("the grid of variance scales is empty")
            }
            let known: ((Prediction) -> Prediction)? =
                switch best {
                case posterior.varianceScale: { $0 }
                case 0: { $0.withoutVariance }
                default: nil
                }
            posterior.varianceScale = best
            try study.finish(posterior, curve: curve, deriving: known)
        }
    }
}

extension Prediction {
    /// The answer of the same posterior at variance scale 0: the mean's.
    fileprivate var withoutVariance: Prediction {
        var result = self
        result.probabilities = meanProbabilities ?? probabilities
        result.mutualInformation = mutualInformation.map { _ in 0 }
        return result
    }
}

extension Study {
    /// The validation metrics at each of ``ComparisonSettings/varianceScales``, by the same noise.
    fileprivate func varianceScaleCurve(_ posterior: AdaptedPosterior) throws -> [CurvePoint] {
        let recipe = try sourceRun.readRecipe()
        let answers = try validationAnswers(posterior, recipe)
        let draws = posterior.predictive(draws: recipe.draws, seed: recipe.seed).drawCount
        return try settings.varianceScales.map { scale in
            try CurvePoint(
                try answers(scale),
                draws: scale == 0 ? 1 : draws,
                varianceScale: scale
            )
        }
    }

    /// Answers to the validation part at any variance scale.
    private func validationAnswers(
        _ posterior: AdaptedPosterior,
        _ recipe: Recipe
    ) throws -> (Double) throws -> [Prediction] {
        guard posterior.isLinearised, let kind = posterior.kind as? any LaplaceKind else {
            return { scale in
                var scaled = posterior
                if scale == 0 { scaled.kind = nil }
                return try validationPredictions(scaled, recipe: recipe, varianceScale: scale)
            }
        }
        // The passes of the model are the same for every scale.
        let predictive = LinearisedPredictive(
            posterior.adapted.scorer,
            adapters: posterior.adapted.adapters,
            examples: data.validation.examples,
            maximumTokens: recipe.evalTokens
        )
        let distributions = try withTorchErrors {
            predictive.logitDistributions(under: kind, counter(predictive.batchCount))
        }
        return { scale in
            predictive.predictions(distributions, varianceScale: scale)
        }
    }
}
