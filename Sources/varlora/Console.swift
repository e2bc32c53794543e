import ArgumentParser
import Files
import Foundation
import JSON
import Metrics
import Training

/// What people see: results on standard output, progress on standard error.
enum Console {
    /// Whether progress goes to a terminal, where a line can be written over.
    static let isTerminal = isatty(STDERR_FILENO) == 1

    /// Whether this process speaks: of several ranks, one does.
    private static let isFirst = (try? RankOptions.launch())?.isFirst ?? true

    /// Writes lines of a result; ends the process when they cannot be written, as on a full disk.
    static func print(_ text: String) {
        guard isFirst else { return }
        do {
            let place = URL(fileURLWithPath: "/dev/stdout")
            let lines = Data((text.printableLines + "\n").utf8)
            try AtomicFile.append(lines, to: STDOUT_FILENO, for: place)
        } catch {
            if (error as? FileError)?.code == EPIPE { endByBrokenPipe() }
            note("Error: the results cannot be written to standard output")
            exit(EXIT_FAILURE)
        }
    }

    /// Ends the process as it ends who writes for a reader that has gone: without a word.
    static func endByBrokenPipe() -> Never {
        signal(SIGPIPE, SIG_DFL)
        raise(SIGPIPE)
        exit(128 + SIGPIPE)
    }

    /// Writes a line about the progress, over the bar where there is one.
    static func note(_ text: String) {
        writeError((isTerminal ? "\r\u{1B}[K" : "") + text.printableLines + "\n")
    }

    /// Writes what people should know though the command goes on.
    static func warn(_ text: String) { note("warning: " + text) }

    /// Draws a bar over the last one; nothing where the output is no terminal.
    static func bar(_ text: String) {
        // A wrapped line could not be written over.
        if isTerminal { writeError("\r\u{1B}[K" + text.printable.prefix(columns - 1)) }
    }

    /// Columns of the terminal; 80 where it does not say.
    private static var columns: Int {
        var size = winsize()
        let isKnown = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? Int(size.ws_col) : 80
    }

    /// Ends the process with what an error says, whichever rank it is: a sentence on one line, and
    /// with wrong usage where the right one is told.
    static func end(with error: any Error) -> Never {
        if (error as? FileError)?.code == EPIPE { endByBrokenPipe() }
        let code = Varlora.exitCode(for: error)
        let message = Varlora.fullMessage(for: error)
        if code.isSuccess {
            // Help and completion scripts.
            Swift.print(message)
        } else if code == .validationFailure {
            let lines = message.split(separator: "\n")
            let sentence = lines.prefix { !$0.hasPrefix("Usage: ") }
            complain((sentence + lines.filter { $0.hasPrefix("  See ") }).joined(separator: "\n"))
        } else if !message.isEmpty {
            complain(code == .failure ? message.printable : message)
        }
        exit(code.rawValue)
    }

    /// Writes what ends this process.
    static func complain(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data((text.printableLines + "\n").utf8))
    }

    private static func writeError(_ text: String) {
        guard isFirst else { return }
        // Progress that nobody can read is no reason to stop.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// Prints a value as JSON with sorted keys.
    static func printJSON(_ value: some Encodable) throws {
        print(try JSONFile.text(of: value))
    }
}

/// A table of plain text: the first column to the left, the others to the right.
struct TextTable {
    private var rows: [[String]]

    init(_ header: [String]) {
        rows = [header.map(\.printable)]
    }

    mutating func add(_ row: [String]) { rows.append(row.map(\.printable)) }

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
    /// The number with a fixed count of decimals, or `inf`, `-inf` and `nan`.
    func fixed(_ decimals: Int) -> String { String(format: "%.\(decimals)f", self) }
}

extension TextTable {
    /// The metrics of a part at the mean and, where there are draws, averaged over them; narrow
    /// enough for 80 columns.
    static func metrics(_ name: String, _ part: RunMetrics.Part, draws: Int) -> TextTable {
        let mean = (part.draws == nil ? "point estimate" : "mean", part.mean)
        let summaries = [mean] + (part.draws.map { [("\(draws) draws", $0)] } ?? [])
        var table = TextTable(["\(name), \(part.mean.examples) examples"] + summaries.map(\.0))
        for metric in part.metrics {
            table.add([metric.label] + summaries.map { cell($0.1[metric]) })
        }
        return table
    }

    /// Metrics by number of draws, then by variance scale.
    static func curves(_ curves: RunCurves) -> TextTable {
        let title = "\(curves.split.rawValue), \(curves.examples) examples"
        var table = TextTable([title, "accuracy", "ECE (10 bins)", "NLL"])
        func add(_ name: String, _ point: CurvePoint) {
            table.add([name] + [point.accuracy, point.ece, point.nll].map { $0.fixed(3) })
        }
        for point in curves.drawCurve {
            add("draws \(point.draws), variance scale \(point.varianceScale.fixed(2))", point)
        }
        for point in curves.varianceScaleCurve {
            add("draws \(point.draws), variance scale \(point.varianceScale.fixed(2))", point)
        }
        return table
    }

    /// A metric with its 95% interval.
    private static func cell(_ metric: MetricValue) -> String {
        "\(metric.value.fixed(3)) [\(metric.lower.fixed(3)), \(metric.upper.fixed(3))]"
    }
}
