import Foundation
import Posteriors
import Torch
import Training

extension Method {
    /// SWAG: a normal posterior from the moments of the iterates at a constant rate.
    ///
    /// It goes on from the AdamW run's checkpoint at ``ComparisonSettings/swagStart``, over the
    /// same batches, with ``ComparisonSettings/swagRate`` times the peak rate.
    static let swag = Method(name: "swag", source: "map") { study in
        let source = try study.sourceRun.readRecipe()
        let start = study.settings.swagFirstStep(of: source.steps)
        let snapshots = SnapshotSteps(after: start, until: source.steps)
        let rank = try study.settings.swagRank(snapshots: snapshots.count)
        var recipe = source
        recipe.schedule = .constant
        recipe.warmupSteps = 0
        recipe.learningRate = source.learningRate.map { $0 * study.settings.swagRate }
        (recipe.keepStep, recipe.evalEvery, recipe.saveEvery) = (nil, 0, 0)
        try study.sourceRun.branch(at: start, to: study.branch, recipe: recipe)
        let trainer = try Trainer(
            recipe,
            model: study.model,
            objective: AnswerObjective(recipe, data: study.data),
            run: study.branch,
            resume: true
        )
        let parameters = trainer.adapted.parameters
        var moments = SWAGMoments(like: parameters.values, rank: rank)
        let stop = try trainer.train(
            observer: { event in
                study.observer(event)
                guard case .trained(let step, _) = event, snapshots.contains(step) else { return }
                withoutGradients { moments.add(parameters.values) }
            },
            shouldStop: study.shouldStop
        )
        if stop != nil { throw Stopped() }
        guard let kind = moments.posterior() else {
            preconditionFailure("\(snapshots.count) snapshots were taken for rank \(rank)")
        }
        parameters.values.copyInPlace(moments.mean)
        try study.finish(TrainedRun(source, trainer.adapted, posterior: kind))
    }

    /// SWA: the mean of SWAG's iterates, which its run has evaluated already.
    static let swa = Method(name: "swa", source: "swag") { study in
        var trained = try study.loadSource()
        trained.posterior = nil
        try study.finish(trained) { $0.atMean ?? $0 }
    }
}

/// The steps after which a snapshot is taken, evenly over the steps `start + 1 ... end`.
struct SnapshotSteps {
    private let first: Int
    private let interval: Int
    /// Number of snapshots: at least 20 where there are as many steps, and fewer than 40.
    let count: Int

    /// The last one is after step `end`.
    init(after start: Int, until end: Int) {
        interval = max(1, (end - start) / 20)
        count = (end - start) / interval
        first = end - (count - 1) * interval
    }

    func contains(_ step: Int) -> Bool {
        step >= first && (step - first).isMultiple(of: interval)
    }
}
