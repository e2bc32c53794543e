import Evaluation
import Metrics
import Training

extension Method {
    /// A posterior with the variance scale (τ) that has the lowest NLL on the validation part.
    ///
    /// The grid contains 0, the mean: tuning can say that draws do not help.
    static func tuned(_ source: String) -> Method {
        Method(name: source + "-tuned", source: source, usesValidation: always) { study in
            var trained = try study.loadSource()
            let curve = try study.varianceScaleCurve(trained)
            guard let best = curve.min(by: { $0.nll < $1.nll })?.varianceScale else {
                preconditionFailure("the grid of variance scales is empty")
            }
            let known: ((Prediction) -> Prediction)? =
                switch best {
                case trained.varianceScale: { $0 }
                case 0: { $0.withoutVariance }
                default: nil
                }
            trained.varianceScale = best
            try study.finish(trained, curve: curve, deriving: known)
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
    fileprivate func varianceScaleCurve(_ trained: TrainedRun) throws -> [CurvePoint] {
        let predictive = try trained.predictive()
        let answers = try predictive.predictions(
            data.validation.examples,
            at: settings.varianceScales,
            maximumTokens: trained.recipe.evalTokens
        ) {
            observer(.evaluating(done: $0, of: $1))
        }
        return try zip(settings.varianceScales, answers).map { scale, answers in
            try CurvePoint(
                answers.map(\.prediction),
                draws: scale == 0 ? 1 : predictive.drawCount,
                varianceScale: scale
            )
        }
    }
}
