import LoRA
import Torch
import Training

extension Method {
    /// The untouched model.
    static let base = Method(name: "base", source: nil) { study in
        let recipe = study.recipes.adamw
        let adapted = try withTorchErrors { try AdaptedModel(study.model, lora: recipe.lora) }
        // Adapters of zeros add nothing, bit for bit.
        try study.finish(TrainedRun(recipe, adapted))
    }

    /// AdamW, last iterate: the mode of the posterior that most methods start from.
    static let map = Method(name: "map", source: nil, trains: .adamw) { study in
        try train(study.recipes.adamw, study)
    }

    /// IVON, averaged over draws.
    static let ivon = Method(name: "ivon", source: nil, trains: .ivon) { study in
        try train(study.recipes.ivon, study)
    }

    /// IVON at the mean of its posterior.
    static let ivonMean = mean("ivon-mean", of: "ivon")

    /// IVON with settings that it finds itself, averaged over draws.
    static let automaticIVON = Method(name: "ivon-auto", source: nil, trains: .automaticIVON) {
        try train($0.recipes.automatic, $0)
    }

    /// The same at the mean of its posterior.
    static let automaticIVONMean = mean("ivon-auto-mean", of: "ivon-auto")

    /// The mean of a posterior, which its run has evaluated already.
    private static func mean(_ name: String, of source: String) -> Method {
        Method(name: name, source: source) { study in
            var trained = try study.loadSource()
            trained.posterior = nil
            try study.finish(trained) { $0.atMean ?? $0 }
        }
    }

    private static func train(_ recipe: Recipe, _ study: Study) throws {
        let trainer = try study.trainer(recipe, of: study.run)
        let stop = try trainer.train(observer: study.observer, shouldStop: study.shouldStop)
        if stop != nil { throw Stopped() }
        study.meter.posteriorIsThere()
        // All steps are taken: what is left is the results.
        _ = try trainer.run(observer: study.observer)
    }
}
