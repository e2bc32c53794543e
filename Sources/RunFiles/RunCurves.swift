import Foundation
import JSON
import Metrics
import TextTasks

/// `curves.json`: how a run's answers depend on the number of draws and on their variance, which
/// training itself does not measure.
public struct RunCurves: Codable, Equatable, Sendable {
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

    /// Curves from their parts.
    package init(
        split: Split,
        examples: Int,
        draws: Int,
        drawCurve: [CurvePoint],
        varianceScaleCurve: [CurvePoint]
    ) {
        self.split = split
        self.examples = examples
        self.draws = draws
        self.drawCurve = drawCurve
        self.varianceScaleCurve = varianceScaleCurve
    }

    /// Writes the curves.
    ///
    /// - Throws: an error when the file cannot be written; an old one is then intact.
    public func write(to file: URL) throws { try JSONFile.write(self, to: file) }
}
