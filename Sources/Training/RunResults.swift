import Evaluation
import Foundation
import LoRA
import Optimizers
import Posteriors
import TextTasks
import Torch

/// Evaluates a trained adapter and writes all result files of a run, `metrics.json` last.
struct RunResults {
    let recipe: Recipe
    let adapted: AdaptedModel
    let data: TrainingData
    let run: RunFolder
    /// The ranks that share the evaluation; rank 0 writes.
    let group: ProcessGroup?

    private var isFirst: Bool { group?.launch.isFirst ?? true }

    func write(
        _ ivon: IVON?,
        progress: (_ done: Int, _ of: Int) -> Void
    ) throws -> RunMetrics {
        let kind = ivon.map(IVONPosterior.init)
        let saved = AdaptedPosterior(
            adapted: adapted,
            kind: kind,
            varianceScale: kind == nil ? 0 : recipe.varianceScale
        )
        if isFirst { try saved.write(to: run, baseModel: recipe.model) }
        let predictive = saved.predictive(
            draws: recipe.draws,
            seed: recipe.seed,
            group: group
        )
        let metrics = RunMetrics(
            method: recipe.method.rawValue,
            posteriorKind: kind.map { _ in IVONPosterior.name },
            model: recipe.model,
            fingerprint: adapted.base.fingerprint,
            task: recipe.task,
            seed: recipe.seed,
            steps: recipe.steps,
            drawCount: predictive.drawCount,
            varianceScale: saved.varianceScale,
            parameters: adapted.parameters.count,
            ranks: group?.size,
            posterior: kind.map { PosteriorHealth($0, entries: adapted.parameters.entries) },
            train: data.train.report,
            validation: try evaluate(data.validation, "validation", predictive, progress),
            test: try data.test.map { try evaluate($0, "test", predictive, progress) }
        )
        if isFirst { try metrics.write(to: run.metrics) }
        return metrics
    }

    private func evaluate(
        _ part: TrainingData.Part,
        _ name: String,
        _ predictive: any Predictive,
        _ progress: (Int, Int) -> Void
    ) throws -> RunMetrics.Part {
        let evaluation = try PartEvaluation(part, predictive, recipe: recipe, progress: progress)
        if isFirst {
            try evaluation.predictions.map(\.prediction).write(to: run.predictions(name))
        }
        return evaluation.results
    }
}

extension IVONPosterior {
    /// The posterior that an optimizer has reached.
    init(_ optimizer: IVON) {
        self.init(
            hessian: optimizer.hessian,
            effectiveSampleSize: optimizer.settings.effectiveSampleSize,
            weightDecay: optimizer.settings.weightDecay,
            hessianInitialization: optimizer.settings.hessianInitialization
        )
    }
}
