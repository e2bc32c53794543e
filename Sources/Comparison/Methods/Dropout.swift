import Posteriors
import Training

extension Method {
    /// MC dropout: the adapter's dropout stays on, one mask a draw for the whole data set.
    static let dropout = Method(name: "mc-dropout", source: "map") { study in
        let probability = try study.sourceRun.readRecipe().dropout
        guard probability > 0 else {
            throw ComparisonError(
                "\(study.sourceRun.recipe.path): dropout: expected more than 0 for mc-dropout, "
                    + "found \(probability)"
            )
        }
        var posterior = try study.loadSource()
        posterior.kind = DropoutPosterior(
            probability: probability,
            of: posterior.adapted.parameters.entries
        )
        try study.finish(posterior)
    }
}
