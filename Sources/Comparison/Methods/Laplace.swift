import Evaluation
import Foundation
import Laplace
import Posteriors
import Torch
import Training

extension Method {
    /// Laplace approximation with the diagonal of the exact Fisher matrix.
    static let laplaceDiagonal = Method(
        name: "laplace-diagonal",
        source: "map",
        usesValidation: hasValidationPrior
    ) { study in
        try finish(study) { try $0.diagonal(study.counter($0.batchCount)) }
    }

    /// Laplace approximation with Kronecker factors, low-rank on the wide sides.
    static let laplaceKronecker = Method(
        name: "laplace-kfac",
        source: "map",
        usesValidation: hasValidationPrior
    ) { study in
        try finish(study) { try $0.kronecker(study.counter($0.batchCount)) }
    }

    @Sendable private static func hasValidationPrior(_ settings: ComparisonSettings) -> Bool {
        settings.laplacePrior == .validation
    }

    private static func finish<Kind: LaplacePosterior>(
        _ study: Study,
        _ fit: (LaplaceFitter) throws -> LaplaceFit<Kind>
    ) throws {
        var trained = try study.loadSource()
        let (adapted, tokens) = (trained.adapted, trained.recipe.evalTokens)
        trained.posterior = try withTorchErrors {
            let fitter = LaplaceFitter(
                adapted.scorer,
                parameters: adapted.parameters,
                examples: study.data.train.examples,
                maximumTokens: tokens
            )
            var fitted = try fit(fitter).posterior
            if study.settings.laplacePrior == .validation {
                fitted.priorPrecision =
                    try LinearisedAnswers(fitted, adapted.scorer).bestPriorPrecision(
                        of: priorPrecisions,
                        for: study.data.validation.examples,
                        maximumTokens: tokens
                    ) ?? fitted.priorPrecision
            }
            return fitted
        }
        trained.isLinearised = study.settings.laplacePredictive == .linearised
        try study.finish(trained)
    }

    /// Two a decade, from 0.01 to a million.
    private static let priorPrecisions = (0...16).map { pow(10, Double($0) / 2 - 2) }
}
