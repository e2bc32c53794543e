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

    /// Reads the files of a run; those that are not there count as empty.
    ///
    /// - Parameters:
    ///   - run: The run folder.
    ///   - name: The name of the run in the report.
    ///   - settings: Every setting with its value, in the order of the report.
    /// - Throws: `JSONError`, `JSONLinesError` or `FileError` when a file cannot be used.
    public init(
        _ run: RunFolder,
        name: String,
        settings: [(key: String, value: String)]
    ) throws {
        func present(_ file: URL) throws -> URL? { try FileSystem.exists(file) ? file : nil }
        func lines<Row: Decodable>(_ file: URL) throws -> [Row] {
            try present(file).map { try JSONLines.read(Row.self, from: $0).map(\.row) } ?? []
        }
        self.name = name
        self.settings = settings
        results = try present(run.metrics).map { try JSONFile.read(RunMetrics.self, from: $0) }
        curves = try present(run.curves).map { try JSONFile.read(RunCurves.self, from: $0) }
        history = try lines(run.history)
        timings = try lines(run.timings)
        test = try present(run.predictions("test")).map { try [Prediction](contentsOf: $0) } ?? []
    }
}

/// Why a report cannot be made; `description` is one sentence.
public struct ReportError: Error, Equatable, CustomStringConvertible {
    /// The sentence: file, key, expected, found.
    public let description: String
}
