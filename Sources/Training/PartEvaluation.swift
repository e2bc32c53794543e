import Evaluation
import Metrics
import TextTasks

/// Predictions and metrics of one part, at the mean and averaged over draws.
public struct PartEvaluation {
    /// One prediction an example, in the order of the part.
    public let predictions: [AveragedPrediction]
    /// The metrics at the mean and, with a posterior, averaged over its draws.
    public let results: RunMetrics.Part

    /// Evaluates a part by the recipe's batches and seed.
    ///
    /// `progress` is told how many batches of how many are done.
    ///
    /// - Throws: `MetricError` for a part without labels, `TorchError` when the engine fails.
    public init(
        _ part: EncodedPart,
        _ predictive: any Predictive,
        recipe: Recipe,
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws {
        try self.init(
            part,
            answers: try predictive.predictions(
                part.examples,
                maximumTokens: recipe.evalTokens,
                progress: progress
            ),
            varianceScale: predictive.varianceScale,
            recipe: recipe
        )
    }

    /// The metrics of answers to a part that are known already, at a variance scale (τ).
    ///
    /// - Throws: `MetricError` for a part without labels.
    package init(
        _ part: EncodedPart,
        answers: [AveragedPrediction],
        varianceScale: Double,
        recipe: Recipe
    ) throws {
        predictions = answers
        let seed = UInt64(recipe.seed)
        let rows = predictions.map(\.prediction)
        let hasMean = rows.allSatisfy { $0.meanProbabilities != nil }
        results = RunMetrics.Part(
            mean: try MetricSummary(rows.map { $0.atMean ?? $0 }, seed: seed),
            draws: hasMean ? try MetricSummary(rows, seed: seed) : nil,
            drawCurve: try Self.drawCurve(predictions, varianceScale: varianceScale),
            encoding: part.report,
            leftOut: part.leftOut,
            orderFlips: Self.orderFlips(answers)
        )
    }

    /// The share of examples whose answer depends on the order of their options; nil where each was
    /// asked in one.
    static func orderFlips(_ answers: [AveragedPrediction]) -> Double? {
        let asked = answers.map(\.answersByOrder).filter { $0.count > 1 }
        guard !asked.isEmpty else { return nil }
        return Double(asked.count { Set($0).count > 1 }) / Double(asked.count)
    }

    /// The metrics over the first k draws, for k from 1 to all; nil without draws.
    static func drawCurve(
        _ predictions: [AveragedPrediction],
        varianceScale: Double
    ) throws -> [CurvePoint]? {
        guard let count = predictions.first?.draws.count, count > 1 else { return nil }
        return try (1...count).map { draws in
            try CurvePoint(
                predictions.map { $0.overFirst(draws) },
                draws: draws,
                varianceScale: varianceScale
            )
        }
    }
}
