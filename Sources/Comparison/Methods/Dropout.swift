import Posteriors
import Training

extension Method {
    /// MC dropout: the adapter's dropout stays on, one mask a draw for the whole data set.
    static let dropout = Method(name: "mc-dropout", source: "map") { study in
        var posterior = try study.loadSource()
        posterior.kind = DropoutPosterior(
            probability: try study.sourceRun.readRecipe().dropout,
            of: posterior.adapted.parameters.entries
        )
        try study.finish(posterior)
    }
}
