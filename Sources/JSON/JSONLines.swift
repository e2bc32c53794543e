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
    public static func read<Row: Decodable>(_: Row.Type, from url: URL) throws -> [Line<Row>] {
        let data: Data
        do {
            // `Data(contentsOf:)` cannot read a pipe by the name /dev/stdin.
            data =
                isRegularOrNew(url)
                ? try Data(contentsOf: url)
                : try FileHandle(forReadingFrom: url).readToEnd() ?? Data()
        } catch {
            throw failure(url, error)
        }
        let decoder = JSONDecoder()
        var rows: [Line<Row>] = []
        for (index, bytes) in lines(of: data).enumerated() {
            func failure(_ reason: String) -> JSONLinesError {
                JSONLinesError(file: url.path, line: index + 1, reason: reason)
            }
            guard let text = String(data: bytes, encoding: .utf8) else {
                throw failure("the text is not valid UTF-8")
            }
            if text.allSatisfy(\.isWhitespace) { continue }
            do {
                rows.append(Line(number: index + 1, row: try decoder.decode(Row.self, from: bytes)))
            } catch let error as DecodingError {
                throw failure(sentence(for: error))
            } catch {
                throw failure(String(describing: error))
            }
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
        // Renaming a file over a device or link would put the file in its place.
        try isRegularOrNew(url)
            ? AtomicFile.write(data, to: url) : AtomicFile.writeThrough(data, to: url)
    }

    /// A row as a line with sorted keys, its end included.
    ///
    /// - Throws: `EncodingError` where a number is not finite and its type has no text for that.
    public static func line(_ row: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(row) + Data("\n".utf8)
    }

    /// That a file cannot be read, with what the operating system said.
    private static func failure(_ url: URL, _ error: any Error) -> JSONLinesError {
        let cause = (error as? CocoaError)?.underlying ?? error
        // A POSIXError bridges to an NSError of this domain.
        let system = cause as NSError
        let isKnown = system.domain == NSPOSIXErrorDomain
        let why = isKnown ? ": " + systemMessage(Int32(system.code)) : ""
        return JSONLinesError(file: url.path, line: nil, reason: "the file cannot be read\(why)")
    }

    /// Whether `url` itself is a regular file or nothing yet; links are not followed.
    private static func isRegularOrNew(_ url: URL) -> Bool {
        var status = stat()
        return lstat(url.path, &status) != 0 || status.st_mode & S_IFMT == S_IFREG
    }

    private static func lines(of data: Data) -> [Data] {
        let mark = Data([0xEF, 0xBB, 0xBF])
        let body = data.starts(with: mark) ? data.dropFirst(mark.count) : data
        return body.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            // A copy, so that indices start at 0.
            Data($0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0)
        }
    }
}
