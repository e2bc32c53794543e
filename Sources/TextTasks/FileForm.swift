import Foundation
import JSON

/// What a file that is no JSON Lines looks like, and how to get from there.
public struct FileForm: Equatable, Sendable {
    /// What it is, such as "a CSV table".
    public let name: String
    /// How to make JSON Lines of it, as a clause.
    public let advice: String

    private static let table =
        #"write each row as {"prompt": ..., "choices": [...], "label": 0} on a line of its own"#

    private static let commas =
        #"with the header text,label and a name that ends in .csv it is read; or "# + table

    /// What a packed or binary file begins with.
    private static let signatures: [(bytes: [UInt8], form: FileForm)] = [
        ([0x1f, 0x8b], packed("gzip", "gunzip")),
        (Array("BZh".utf8), packed("bzip2", "bunzip2")),
        ([0xfd, 0x37, 0x7a, 0x58, 0x5a], packed("xz", "unxz")),
        ([0x28, 0xb5, 0x2f, 0xfd], packed("Zstandard", "unzstd")),
        (
            Array("PK\u{3}\u{4}".utf8),
            FileForm("a ZIP archive or a workbook", "unpack it, or \(table)")
        ),
        (
            Array("PAR1".utf8),
            FileForm("Parquet", "pandas.read_parquet(FILE).to_json(\(lines)) turns it into lines")
        ),
        (Array("ARROW1".utf8), arrow),
        ([0xff, 0xff, 0xff, 0xff], arrow),
        (Array("SQLite format 3".utf8), FileForm("an SQLite database", table)),
        ([0xff, 0xfe], FileForm("text in UTF-16", "save it as UTF-8")),
        ([0xfe, 0xff], FileForm("text in UTF-16", "save it as UTF-8")),
        (
            Array("version https://git-lfs".utf8),
            FileForm("a Git LFS pointer", "\"git lfs pull\" downloads the file itself")
        ),
    ]

    private static let lines = #""rows.jsonl", orient="records", lines=True"#
    private static let arrow = FileForm(
        "Arrow",
        "datasets.Dataset.from_file(FILE).to_json(\"rows.jsonl\") turns it into lines"
    )

    private static func packed(_ name: String, _ tool: String) -> FileForm {
        FileForm("a file packed by \(name)", "unpack it with \(tool)")
    }

    init(_ name: String, _ advice: String) {
        (self.name, self.advice) = (name, advice)
    }

    /// The form that the start of a file shows; nil where it may be JSON Lines, or is unknown.
    init?(of path: String) {
        guard isRegularFile(path), let file = FileHandle(forReadingAtPath: path),
            let data = try? file.read(upToCount: 4096)
        else { return nil }
        if let known = Self.signatures.first(where: { data.starts(with: $0.bytes) }) {
            self = known.form
        } else if let form = Self(text: String(decoding: data, as: UTF8.self)) {
            self = form
        } else {
            return nil
        }
    }

    private init?(text: String) {
        let first = text.drop(while: \.isWhitespace).prefix { !$0.isNewline }
            .trimmingCharacters(in: .whitespaces)
        switch first.first {
        case "[":
            self.init("a JSON array", "write its elements without the brackets, one on each line")
        case "{":
            // A whole object on the first line is JSON Lines.
            guard first == "{" else { return nil }
            self.init("JSON over several lines", "write each object on one line")
        case "<": self.init("HTML or XML", "it may be a page in place of the file")
        default:
            if first.contains("\t") {
                self.init("a table with tabs (TSV)", Self.table)
            } else if first.contains(",") || first.contains(";") {
                self.init("a table with commas (CSV)", Self.commas)
            } else {
                return nil
            }
        }
    }
}
