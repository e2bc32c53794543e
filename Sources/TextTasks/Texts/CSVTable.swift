import Files
import Foundation

/// A table as RFC 4180 has it: a header, then records of as many fields, with commas between.
///
/// Fields in double quotes may hold commas, line ends and doubled quotes. Lines end in `\n` or
/// `\r\n`; a byte order mark at the start and blank lines are passed over. Anything else, such as
/// a quote inside a field without quotes, is refused with its line.
struct CSVTable {
    struct Record: Equatable {
        /// The line where the record begins, counted from 1.
        let line: Int
        /// As many as the header has.
        let fields: [String]
    }

    let header: Record
    let records: [Record]

    /// Reads the table of a file.
    ///
    /// Throws `FileError` where it cannot be read, ``TextTaskError`` where it is no such table.
    init(contentsOf url: URL) throws {
        try self.init(try RegularFile.readText(url), file: url.path)
    }

    /// Reads a table; `file` is what errors call it.
    init(_ text: String, file: String) throws {
        var parser = Parser(bytes: Array(text.utf8), file: file)
        guard let header = try parser.next() else {
            throw parser.failure("expected a header, found the end of the file", at: 1)
        }
        self.header = header
        var records: [Record] = []
        while let record = try parser.next() {
            guard record.fields.count == header.fields.count else {
                throw parser.failure(
                    "expected \(header.fields.count) fields as in the header, "
                        + "found \(record.fields.count)",
                    at: record.line
                )
            }
            records.append(record)
        }
        self.records = records
    }

    private struct Parser {
        let bytes: [UInt8]
        let file: String
        private var index: Int
        private var line = 1

        init(bytes: [UInt8], file: String) {
            (self.bytes, self.file) = (bytes, file)
            index = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        }

        func failure(_ reason: String, at line: Int) -> TextTaskError {
            .row(source: "\(file):\(line)", reason: reason)
        }

        /// The next record that is not a blank line; nil at the end.
        mutating func next() throws -> Record? {
            while try passLineEnd() {}
            guard index < bytes.count else { return nil }
            let start = line
            var fields = [try field()]
            while index < bytes.count, bytes[index] == UInt8(ascii: ",") {
                index += 1
                fields.append(try field())
            }
            if index < bytes.count { _ = try passLineEnd() }
            return Record(line: start, fields: fields)
        }

        /// Passes over a line end; false where there is none.
        private mutating func passLineEnd() throws -> Bool {
            guard index < bytes.count else { return false }
            if bytes[index] == UInt8(ascii: "\r") {
                guard index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "\n") else {
                    throw failure("expected a line end, found a carriage return alone", at: line)
                }
                index += 1
            }
            guard bytes[index] == UInt8(ascii: "\n") else { return false }
            index += 1
            line += 1
            return true
        }

        private mutating func field() throws -> String {
            if index < bytes.count, bytes[index] == UInt8(ascii: "\"") { return try quotedField() }
            let start = index
            while index < bytes.count, ![",", "\n", "\r"].contains(Unicode.Scalar(bytes[index])) {
                guard bytes[index] != UInt8(ascii: "\"") else {
                    throw failure(
                        "a field with a quote in it must be in quotes, and the quote doubled",
                        at: line
                    )
                }
                index += 1
            }
            return String(decoding: bytes[start..<index], as: UTF8.self)
        }

        private mutating func quotedField() throws -> String {
            let start = line
            var content: [UInt8] = []
            index += 1
            while index < bytes.count {
                let byte = bytes[index]
                index += 1
                if byte == UInt8(ascii: "\n") { line += 1 }
                guard byte == UInt8(ascii: "\"") else {
                    content.append(byte)
                    continue
                }
                if index < bytes.count, bytes[index] == UInt8(ascii: "\"") {
                    content.append(byte)
                    index += 1
                    continue
                }
                let ends: [Unicode.Scalar] = [",", "\n", "\r"]
                guard index == bytes.count || ends.contains(Unicode.Scalar(bytes[index])) else {
                    throw failure("expected a comma or a line end behind a closing quote", at: line)
                }
                return String(decoding: content, as: UTF8.self)
            }
            throw failure("the quote that begins here is never closed", at: start)
        }
    }
}
