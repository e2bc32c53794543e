import Posteriors
import Training

extension Method {
    /// MC dropout: the adapter's dropout stays on, one mask a draw for the whole data set.
    static let dropout = Method(name: "mc-dropout", source: "map") { study in
        var trained = try study.loadSource()
        trained.posterior = DropoutPosterior(
            probability: trained.recipe.dropout,
            of: trained.adapted.parameters.entries
        )
        try study.finish(trained)
    }
}
