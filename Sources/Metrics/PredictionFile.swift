import Foundation
import JSON

extension [Prediction] {
    /// Reads a predictions file: JSON Lines with the keys `id` and `probabilities`, and optionally
    /// `label`, `targets`, `ordered`, `mean_probabilities` and `mutual_information`.
    ///
    /// Throws `JSONLinesError`, which names file and line, where a line is no sound prediction
    /// (``Prediction/fault``) or repeats an id.
    public init(contentsOf file: URL) throws {
        let lines = try JSONLines.read(Prediction.self, from: file)
        var seen: [String: Int] = [:]
        for line in lines {
            func failure(_ reason: String) -> JSONLinesError {
                JSONLinesError(file: file.path, line: line.number, reason: reason)
            }
            if let fault = line.row.fault { throw failure(fault) }
            if let earlier = seen.updateValue(line.number, forKey: line.row.id) {
                throw failure("the id \"\(line.row.id)\" is that of line \(earlier) too")
            }
        }
        self = lines.map(\.row)
    }

    /// Writes a predictions file, one prediction a line, replacing the file as a whole.
    ///
    /// Throws `JSONLinesError` where a prediction is not sound (``Prediction/fault``), so that
    /// what was written can be read, and `FileError` where the file cannot be written.
    public func write(to file: URL) throws {
        for (index, prediction) in enumerated() {
            if let fault = prediction.fault {
                throw JSONLinesError(file: file.path, line: index + 1, reason: fault)
            }
        }
        try JSONLines.write(self, to: file)
    }
}
