import Files
import Foundation
import JSON

/// The rows of a file as they stand in it, so that some of them can go to another file.
public struct VerbatimRows {
    private let file: String
    /// A table's header; empty for lines of JSON.
    private let header: Data
    /// By ``Example/source``, each with its line end.
    private let rows: [String: Data]

    /// Reads a file of lines of JSON or a table.
    ///
    /// - Throws: ``TextTaskError`` or `JSONLinesError` where it is no regular file, cannot be read,
    ///   or is no table.
    public init(contentsOf url: URL) throws {
        file = url.path
        guard isRegularFile(url.path) else {
            throw TextTaskError.row(
                source: url.path,
                reason: "expected a regular file, rows of which can be copied, found none"
            )
        }
        var rows: [String: Data] = [:]
        if url.pathExtension.lowercased() == "csv" {
            let text = try RegularFile.readText(url)
            let table = try CSVTable(text, file: url.path)
            let lines = text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false)
            let starts = ([table.header] + table.records).map { $0.line - 1 }
            let records = zip(starts, starts.dropFirst() + [lines.count]).map {
                Self.text(of: lines[$0..<$1])
            }
            header = records[0]
            for (start, record) in zip(starts, records).dropFirst() {
                rows["\(url.path):\(start + 1)"] = record
            }
        } else {
            header = Data()
            var reader = try LineReader(url)
            while let line = try reader.next() {
                rows["\(url.path):\(line.number)"] = Data(line.bytes) + [0x0a]
            }
        }
        self.rows = rows
    }

    /// Lines with their ends, without the blank ones behind them.
    private static func text(of lines: ArraySlice<Substring.UTF8View>) -> Data {
        var lines = lines
        while lines.last?.allSatisfy({ $0 == 0x0d }) == true { lines.removeLast() }
        return lines.reduce(into: Data()) { $0 += Data($1) + [0x0a] }
    }

    /// Writes the rows of some examples' ``Example/source``, in that order, below the header that
    /// the file has.
    ///
    /// - Throws: ``TextTaskError`` where a row has gone since the examples were read, `FileError`
    ///   where the file cannot be written.
    public func write(_ sources: [String], to url: URL) throws {
        let chosen = try sources.map { source in
            guard let row = rows[source] else {
                throw TextTaskError.row(source: source, reason: "the row is no longer there")
            }
            return row
        }
        try JSONLines.write(lines: chosen.reduce(header, +), to: url)
    }
}
