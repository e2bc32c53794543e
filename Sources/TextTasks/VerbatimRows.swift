import Files
import Foundation
import JSON

/// The rows of a file as they stand in it, so that some of them can go to another file.
public struct VerbatimRows {
    private let file: String
    /// A table's header; empty for lines of JSON.
    private let header: Data
    /// The ``Example/source`` of every row, in order.
    private let sources: [String]
    /// By source, each with its line end.
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
        var (sources, rows): ([String], [String: Data]) = ([], [:])
        func add(_ row: Data, at line: Int) {
            sources.append("\(url.path):\(line)")
            rows[sources[sources.count - 1]] = row
        }
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
                add(record, at: start + 1)
            }
        } else {
            header = Data()
            var reader = try LineReader(url)
            while let line = try reader.next() {
                add(Data(line.bytes) + [0x0a], at: line.number)
            }
        }
        (self.sources, self.rows) = (sources, rows)
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

    /// Writes all rows but those of some sources, in the order of the file.
    ///
    /// Rows that no example was made of are among them. Throws as ``write(_:to:)`` does.
    public func write(allBut chosen: some Sequence<String>, to url: URL) throws {
        let chosen = Set(chosen)
        try write(sources.filter { !chosen.contains($0) }, to: url)
    }
}
