import Evaluation
import Metrics
import RunFiles
import TextTasks
import Torch

extension RunCurves {
    /// The variance scales (τ) that are measured, 0 (the mean) among them.
    public static let varianceScales = [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 4]

    /// Answers the examples of a part at every variance scale, each with this many draws.
    ///
    /// The draws are the run's own: the same noise at every scale. The ranks of `group` share the
    /// work. `progress` is told how many batches of how many are done.
    ///
    /// - Throws: `TrainingError.noPosterior` for a point estimate, `MetricError` for
    ///   examples without labels, `TorchError` when the engine fails.
    public init(
        _ run: TrainedRun,
        folder: RunFolder,
        _ part: EncodedPart,
        split: Split,
        draws: Int? = nil,
        group: ProcessGroup? = nil,
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws {
        guard run.posterior != nil else {
            throw TrainingError.noPosterior(folder: folder.url.path)
        }
        let predictive = try run.predictive(draws: draws, group: group)
        let own = predictive.varianceScale
        let scales = Set(Self.varianceScales + [own]).sorted()
        let answers = try predictive.predictions(
            part.examples,
            at: scales,
            maximumTokens: run.recipe.evalTokens,
            progress: progress
        )
        let ownAnswers = zip(scales, answers).first { $0.0 == own }?.1 ?? []
        self.init(
            split: split,
            examples: part.examples.count,
            draws: predictive.drawCount,
            drawCurve: try PartEvaluation.drawCurve(ownAnswers, varianceScale: own) ?? [],
            varianceScaleCurve: try zip(scales, answers).map { scale, answers in
                // At scale 0 all draws are the mean.
                try CurvePoint(
                    answers.map(\.prediction),
                    draws: scale == 0 ? 1 : predictive.drawCount,
                    varianceScale: scale
                )
            }
        )
    }
}
