import Foundation
import Metrics
import Training

/// What people see: results on standard output, progress on standard error.
enum Console {
    /// Whether progress goes to a terminal, where a line can be written over.
    static let isTerminal = isatty(STDERR_FILENO) == 1

    /// Writes a line of a result.
    static func print(_ text: String) { Swift.print(text) }

    /// Writes a line about the progress, over the bar where there is one.
    static func note(_ text: String) {
        writeError((isTerminal ? "\r\u{1B}[K" : "") + text + "\n")
    }

    /// Draws a bar over the last one; nothing where the output is no terminal.
    static func bar(_ text: String) {
        if isTerminal { writeError("\r\u{1B}[K" + text) }
    }

    private static func writeError(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }

    /// Prints a value as JSON with sorted keys.
    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

/// A table of plain text: the first column to the left, the others to the right.
struct TextTable {
    private var rows: [[String]]

    init(_ header: [String]) {
        rows = [header]
    }

    mutating func add(_ row: [String]) { rows.append(row) }

    var text: String {
        let columns = rows[0].count
        let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + space : space + cell
            }
            .joined(separator: "  ")
        }
        .joined(separator: "\n")
    }
}

extension Double {
    /// The number with a fixed count of decimals.
    func fixed(_ decimals: Int) -> String {
        guard isFinite else { return "inf" }
        return String(format: "%.\(decimals)f", self)
    }
}

extension TextTable {
    /// A table of metrics with their 95% intervals.
    static func metrics(_ rows: [(name: String, summary: MetricSummary)]) -> TextTable {
        var table = TextTable(["", "examples", "accuracy", "ECE", "NLL", "Brier"])
        for (name, summary) in rows {
            func cell(_ value: MetricValue) -> String {
                "\(value.value.fixed(3)) [\(value.lower.fixed(3)), \(value.upper.fixed(3))]"
            }
            table.add([
                name, "\(summary.examples)", cell(summary.accuracy), cell(summary.ece),
                cell(summary.nll), cell(summary.brier),
            ])
        }
        return table
    }

    /// The metrics of a part at the mean and, where there are draws, averaged over them.
    static func metrics(_ name: String, _ part: RunMetrics.Part, draws: Int) -> TextTable {
        var rows = [("\(name), \(part.draws == nil ? "point estimate" : "mean")", part.mean)]
        if let averaged = part.draws { rows.append(("\(name), \(draws) draws", averaged)) }
        return metrics(rows)
    }
}
