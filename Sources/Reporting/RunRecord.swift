import Files
import Foundation
import JSON
import Metrics
import RunFiles

/// What a run folder says about a run, as far as a report needs it.
public struct RunRecord: Sendable {
    /// The name of the run, as people know it.
    public var name: String
    /// Every setting with its value.
    public var settings: [(key: String, value: String)]
    /// The results; nil while the run is not finished.
    public var results: RunMetrics?
    /// Metrics by number of draws and by variance scale; nil where these were not measured.
    public var curves: RunCurves?
    /// The history, in the order of the file.
    public var history: [HistoryRecord]
    /// Times of the history's intervals.
    public var timings: [Timing]
    /// Predictions of the test part; empty where there is none.
    public var test: [Prediction]
    /// Names of their answers and texts of some of their rows; nil for a run without them.
    public var texts: PartTexts?
    /// When the run answers and when it abstains; nil where that was not decided.
    public var policy: DecisionPolicy?

    /// Reads the files of a run; those that are not there count as empty.
    ///
    /// - Parameters:
    ///   - run: The run folder.
    ///   - name: The name of the run in the report.
    ///   - settings: Every setting with its value, in the order of the report.
    /// - Throws: `JSONError` or `JSONLinesError` when a file cannot be used, `FileError` when it is
    ///   a link out of the folder or too large.
    public init(
        _ run: RunFolder,
        name: String,
        settings: [(key: String, value: String)]
    ) throws {
        let folder = OwnFolder(run.url)
        func value<Value: Decodable>(_ file: URL) throws -> Value? {
            try folder.file(file).map { try JSONFile.read(Value.self, from: $0) }
        }
        func lines<Row: Decodable>(_ file: URL) throws -> [Row] {
            try folder.file(file).map { try JSONLines.read(Row.self, from: $0).map(\.row) } ?? []
        }
        self.name = name
        self.settings = settings
        results = try value(run.metrics)
        curves = try value(run.curves)
        history = try lines(run.history)
        timings = try lines(run.timings)
        test = try folder.file(run.predictions("test")).map(Array.init(contentsOf:)) ?? []
        texts = try value(run.texts)
        policy = try value(run.policy)
    }
}

/// Why a report cannot be made; `description` is one sentence.
public struct ReportError: Error, Equatable, CustomStringConvertible {
    /// The sentence: file, key, expected, found.
    public let description: String
}
