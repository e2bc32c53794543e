import Foundation
import JSON

/// The rows of a part one after another, in whichever form they are: lines of JSON, a table
/// (`.csv`), or a folder of texts.
struct RowSource {
    struct Row {
        let place: RowPlace
        let content: Content
    }

    enum Content {
        case line(LineReader.Line)
        case text(LabelledText)
    }

    private enum Source {
        case lines(LineReader)
        case table(IndexingIterator<[LabelledText]>)
        case folder(IndexingIterator<[(file: URL, label: String?)]>)
    }

    private let url: URL
    private var source: Source

    /// Opens a file or a folder.
    ///
    /// Throws `JSONLinesError`, `FileError` or ``TextTaskError`` where it cannot be read.
    init(_ url: URL) throws {
        self.url = url
        if isFolder(url) {
            source = .folder(try TextFolder.files(in: url).makeIterator())
        } else if url.pathExtension.lowercased() == "csv" {
            let rows = try LabelledText.rows(
                of: CSVTable(contentsOf: url),
                path: url.path,
                fileName: url.lastPathComponent
            )
            source = .table(rows.makeIterator())
        } else {
            source = .lines(try LineReader(url))
        }
    }

    /// The next row; nil at the end.
    ///
    /// Throws as the initializer does.
    mutating func next() throws -> Row? {
        switch source {
        case .lines(var reader):
            defer { source = .lines(reader) }
            return try reader.next().map {
                let place = RowPlace(
                    path: url.path,
                    fileName: url.lastPathComponent,
                    line: $0.number
                )
                return Row(place: place, content: .line($0))
            }
        case .table(var rows):
            defer { source = .table(rows) }
            return rows.next().map { Row(place: $0.place, content: .text($0)) }
        case .folder(var files):
            defer { source = .folder(files) }
            return try files.next().map {
                let text = try TextFolder.row($0.file, label: $0.label)
                return Row(place: text.place, content: .text(text))
            }
        }
    }

    /// The number of rows; nil for what cannot be read again, such as a pipe.
    ///
    /// Throws as the initializer does.
    static func count(of url: URL) throws -> Int? {
        let source = try RowSource(url).source
        switch source {
        case .lines: return try LineReader.count(of: url)
        case .table(let rows): return rows.reduce(0) { count, _ in count + 1 }
        case .folder(let files): return files.reduce(0) { count, _ in count + 1 }
        }
    }
}

extension RowSource.Row {
    /// The row as a text with its label; nil where it has another layout.
    func labelledText() throws -> LabelledText? {
        switch content {
        case .text(let text): text
        case .line(let line): try line.read { try LabelledText($0, at: place) }
        }
    }
}

extension LabelSet {
    /// The labels of the texts of a file, or `others` where these have fewer than two; nil where
    /// the first row is no text.
    ///
    /// Throws ``TextTaskError`` or `JSONLinesError`: a row has another layout than the first.
    init?(of file: URL, orElse others: [String]?, _ style: PromptStyle) throws {
        guard isFolder(file) || isRegularFile(file.path) else { return nil }
        var source = try RowSource(file)
        // What the first line is to be is said where it is read for itself.
        guard let first = try source.next(), let text = try? first.labelledText() else {
            return nil
        }
        var labels = Set(text.label.map { [$0] } ?? [])
        while let row = try source.next() {
            guard let text = try row.labelledText() else {
                throw row.place.failure("expected a text with its label, as the rows before it")
            }
            if let label = text.label { labels.insert(label) }
        }
        if labels.count < 2, let others {
            try self.init(others, source: "the trained task", style)
        } else {
            try self.init(labels, source: file.path, style)
        }
    }
}
