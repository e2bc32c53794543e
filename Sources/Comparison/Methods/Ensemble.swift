import Posteriors
import Training

extension Method {
    /// A deep ensemble: the AdamW run and others from other seeds, on the same data.
    static let ensemble = Method(name: "ensemble", source: "map") { study in
        let source = try study.sourceRun.readRecipe()
        var others: [Trainer] = []
        for member in 1..<study.settings.members {
            var recipe = source
            recipe.seed = source.seed + 1000 * member
            recipe.splitSeed = source.splitSeed ?? source.seed
            (recipe.keepStep, recipe.evalEvery) = (nil, 0)
            let run = study.run(of: "ensemble-member-\(member + 1)")
            let trainer = try study.trainer(recipe, of: run)
            let stop = try trainer.train(observer: study.observer, shouldStop: study.shouldStop)
            if stop != nil { throw Stopped() }
            others.append(trainer)
        }
        var trained = try study.loadSource()
        trained.posterior = EnsemblePosterior(
            [trained.adapted.parameters.values] + others.map(\.adapted.parameters.values)
        )
        try study.finish(trained)
    }
}
