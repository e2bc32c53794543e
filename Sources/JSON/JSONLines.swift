import Files
import Foundation

/// JSON Lines files: one JSON value a line, UTF-8.
///
/// Lines end at `\n` only, since other line separators may stand inside JSON strings. A `\r`
/// before it, a byte order mark at the start of the file and blank lines are passed over.
public enum JSONLines {
    /// A decoded line and its number, counted from 1.
    public struct Line<Row> {
        /// The line's number in the file, counted from 1 and with blank lines counted.
        public let number: Int
        /// The line's value.
        public let row: Row
    }

    /// Reads all rows of a file.
    ///
    /// Throws ``JSONLinesError`` where the file cannot be read, or a line is not UTF-8, not JSON or
    /// not a `Row`.
    public static func read<Row: Decodable>(_ type: Row.Type, from url: URL) throws -> [Line<Row>] {
        var reader = try LineReader(url)
        var rows: [Line<Row>] = []
        while let line = try reader.next() {
            rows.append(Line(number: line.number, row: try line.read { try $0.decode(type) }))
        }
        return rows
    }

    /// Writes one row a line with sorted keys; the file is replaced as a whole or not at all.
    ///
    /// What is no regular file (a pipe, a device, a link such as `/dev/stdout`) is written through
    /// instead and stays what it is.
    ///
    /// Throws ``JSONLinesError`` where a row cannot be encoded, `FileError` where the file cannot
    /// be written.
    public static func write<Row: Encodable>(_ rows: [Row], to url: URL) throws {
        var data = Data()
        for (index, row) in rows.enumerated() {
            do {
                data.append(try line(row))
            } catch {
                throw JSONLinesError(
                    file: url.path,
                    line: index + 1,
                    reason: "the row cannot be written as JSON (it may hold a non-finite number)"
                )
            }
        }
        try write(lines: data, to: url)
    }

    /// Writes lines as they are; what is no regular file is written through as by ``write(_:to:)``.
    package static func write(lines: Data, to url: URL) throws {
        // Renaming a file over a device or link would put the file in its place.
        try isRegularOrNew(url)
            ? AtomicFile.write(lines, to: url) : AtomicFile.writeThrough(lines, to: url)
    }

    /// A row as a line with sorted keys, its end included.
    ///
    /// - Throws: `EncodingError` where a number is not finite and its type has no text for that.
    public static func line(_ row: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(row), as: UTF8.self)
        return Data((text.printableJSON + "\n").utf8)
    }

    /// Whether `url` itself is a regular file or nothing yet; links are not followed.
    private static func isRegularOrNew(_ url: URL) -> Bool {
        var status = stat()
        return lstat(url.path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
    }
}
