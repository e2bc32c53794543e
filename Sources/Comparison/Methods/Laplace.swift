import Foundation
import Laplace
import Posteriors
import Torch
import Training

extension Method {
    /// Laplace approximation with the diagonal of the exact Fisher matrix.
    static let laplaceDiagonal = Method(name: "laplace-diagonal", source: "map") { study in
        try finish(study) { $0.diagonal(study.counter($0.batchCount)) }
    }

    /// Laplace approximation with Kronecker factors, low-rank on the wide sides.
    static let laplaceKronecker = Method(name: "laplace-kfac", source: "map") { study in
        try finish(study) { $0.kronecker(study.counter($0.batchCount)) }
    }

    private static func finish<Kind: LaplaceKind>(
        _ study: Study,
        _ fit: (LaplaceFitter) -> LaplaceFit<Kind>
    ) throws {
        var posterior = try study.loadSource()
        let (adapted, recipe) = (posterior.adapted, try study.sourceRun.readRecipe())
        posterior.kind = try withTorchErrors {
            let fitter = LaplaceFitter(
                adapted.scorer,
                adapters: adapted.adapters,
                parameters: adapted.parameters,
                examples: study.data.train.examples,
                maximumTokens: recipe.evalTokens
            )
            let fitted = fit(fitter).posterior
            guard study.settings.laplacePrior == .validation else { return fitted }
            let predictive = LinearisedPredictive(
                adapted.scorer,
                adapters: adapted.adapters,
                examples: study.data.validation.examples,
                maximumTokens: recipe.evalTokens
            )
            return predictive.tuned(fitted, priorPrecisions: priorPrecisions)
        }
        posterior.isLinearised = study.settings.laplacePredictive == .linearised
        try study.finish(posterior)
    }

    /// Two a decade, from 0.01 to a million.
    private static let priorPrecisions = (0...16).map { pow(10, Double($0) / 2 - 2) }
}
