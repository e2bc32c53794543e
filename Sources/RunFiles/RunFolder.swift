import Files
import Foundation

/// The files of a run; see the documentation for what each holds.
public struct RunFolder: Sendable {
    /// The folder.
    public let url: URL

    /// A folder that may hold a run.
    public init(_ url: URL) {
        self.url = url
    }

    /// Every setting, resolved.
    public var recipe: URL { url.appendingPathComponent("recipe.yaml") }
    /// One line a logged interval or evaluation.
    public var history: URL { url.appendingPathComponent("history.jsonl") }
    /// Seconds of each interval: the one file that differs between equal runs.
    public var timings: URL { url.appendingPathComponent("timings.jsonl") }
    /// Results with counts and seed; written last.
    public var metrics: URL { url.appendingPathComponent("metrics.json") }
    /// What the method needs to draw.
    public var posterior: URL { url.appendingPathComponent("posterior.safetensors") }
    /// The labels that the run's texts choose from, in the order of the answers.
    public var labels: URL { url.appendingPathComponent("labels.json") }
    /// Checkpoints, each a folder named by its step.
    public var checkpoints: URL { url.appendingPathComponent("checkpoints") }
    /// What `varlora evaluate --curves` measures.
    public var curves: URL { url.appendingPathComponent("curves.json") }
    /// When the run answers and when it abstains, as `varlora decide-policy` decides.
    public var policy: URL { url.appendingPathComponent("policy.json") }
    /// The page that `varlora report` writes.
    public var report: URL { url.appendingPathComponent("report.html") }
    /// All answers of a test part that has more of them than the page of the report shows.
    public var classes: URL { url.appendingPathComponent("report.classes.csv") }
    /// What a method of a comparison took.
    public var cost: URL { url.appendingPathComponent("cost.json") }
    /// How a temperature was found.
    public var calibration: URL { url.appendingPathComponent("calibration.json") }
    /// What a merged run was made of.
    public var merge: URL { url.appendingPathComponent("merge.json") }
    /// The launcher that began the run, where it may start its ranks anew.
    package var launcher: URL { url.appendingPathComponent(".launcher") }
    /// Predictions, a file a part.
    package var predictions: URL { url.appendingPathComponent("predictions") }

    /// Predictions of a part.
    public func predictions(_ part: String) -> URL {
        predictions.appendingPathComponent("\(part).jsonl")
    }

    /// Names of the answers and texts of some rows of the test part, for reports.
    public var texts: URL { predictions.appendingPathComponent("test.texts.json") }

    /// Whether the folder holds a run.
    ///
    /// - Throws: `FileError` when that cannot be told.
    public var holdsRun: Bool { get throws { try FileSystem.exists(recipe) } }
}
