import Foundation

/// A JSON Lines file, or a line of it, that cannot be used, and why.
public struct JSONLinesError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// The file's path.
    public let file: String
    /// The line, counted from 1; nil if the fault is the whole file's.
    public let line: Int?
    /// What is wrong, as a clause without a final dot.
    public let reason: String

    /// An error about `line` of `file`, or about the whole file.
    public init(file: String, line: Int?, reason: String) {
        self.file = file
        self.line = line
        self.reason = reason
    }

    /// A fault of the value on `line`, with the column where it is no JSON.
    init(file: String, line: Int, _ error: JSONError) {
        var reason = error.problem
        if case .malformed(_, _, let column, let expected, let found) = error {
            reason = "not valid JSON at column \(column): expected \(expected), found \(found)"
        }
        self.init(file: file, line: line, reason: reason)
    }

    /// One sentence: file, line and reason.
    public var description: String {
        "\(file)\(line.map { ":\($0)" } ?? ""): \(reason)"
    }

    /// The same as ``description``.
    public var errorDescription: String? { description }
}
