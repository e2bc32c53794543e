import Evaluation
import Foundation
import Metrics
import TensorFiles
import TextTasks
import Torch

/// `curves.json`: how a run's answers depend on the number of draws and on their variance, which
/// training itself does not measure.
public struct RunCurves: Codable, Equatable, Sendable {
    /// The variance scales (τ) that are measured, 0 (the mean) among them.
    public static let varianceScales = [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 4]

    /// The part that was answered.
    public var split: Split
    /// Examples of it.
    public var examples: Int
    /// Draws behind every point of ``varianceScaleCurve`` but the mean.
    public var draws: Int
    /// Metrics over the first k draws for k from 1 to all, at the run's variance scale; empty for a
    /// method that needs no draws.
    public var drawCurve: [CurvePoint]
    /// Metrics at each variance scale.
    public var varianceScaleCurve: [CurvePoint]

    private enum CodingKeys: String, CodingKey {
        case split, examples, draws
        case drawCurve = "draw_curve"
        case varianceScaleCurve = "variance_scale_curve"
    }

    /// Answers the examples of a part at every variance scale, each with this many draws.
    ///
    /// The draws are the run's own: the same noise at every scale. The ranks of `group` share the
    /// work. `progress` is told how many batches of how many are done.
    ///
    /// - Throws: ``TrainingError/noPosterior(folder:)`` for a point estimate, `MetricError` for
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
        self.split = split
        examples = part.examples.count
        self.draws = predictive.drawCount
        let ownAnswers = zip(scales, answers).first { $0.0 == own }?.1 ?? []
        drawCurve = try PartEvaluation.drawCurve(ownAnswers, varianceScale: own) ?? []
        varianceScaleCurve = try zip(scales, answers).map { scale, answers in
            // At scale 0 all draws are the mean.
            try CurvePoint(
                answers.map(\.prediction),
                draws: scale == 0 ? 1 : predictive.drawCount,
                varianceScale: scale
            )
        }
    }

    /// Writes the curves; an infinite number is the text "inf".
    ///
    /// - Throws: an error when the file cannot be written; an old one is then intact.
    public func write(to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf",
            negativeInfinity: "-inf",
            nan: "nan"
        )
        try AtomicFile.write(try encoder.encode(self) + Data("\n".utf8), to: file)
    }
}
