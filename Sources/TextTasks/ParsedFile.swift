import Foundation
import JSON

/// The rows of one data file, or some of them.
struct ParsedFile {
    let path: String
    private(set) var rows: [ParsedRow] = []
    /// Number of lines the data set's protocol leaves out.
    private(set) var leftOut = 0

    /// Reads the lines that `chosen` counts, from 0 without blank ones, and nothing behind them.
    init(
        _ file: URL,
        as form: any ExampleRow.Type,
        style: PromptStyle,
        requiringLabels: Bool,
        only chosen: some Sequence<Int> = 0...
    ) throws {
        path = file.path
        var reader = try LineReader(file)
        var lines: [String: Int] = [:]
        var (rest, count) = (chosen.makeIterator(), 0)
        var wanted = rest.next()
        while let index = wanted, let line = try reader.next() {
            defer { count += 1 }
            guard count == index else { continue }
            wanted = rest.next()
            let place = RowPlace(
                path: file.path,
                fileName: file.lastPathComponent,
                line: line.number
            )
            let isFirst = rows.isEmpty
            guard
                let row = try Self.read(
                    line,
                    isFirst: isFirst,
                    { try form.row($0, at: place, style) }
                )
            else {
                leftOut += 1
                continue
            }
            for example in row.examples {
                if requiringLabels, example.label == nil {
                    let question = row.examples.count > 1 ? " of \(quoted(example.id))" : ""
                    throw place.failure("the line does not say which answer\(question) is right")
                }
                if let earlier = lines.updateValue(line.number, forKey: example.id) {
                    throw place.failure(
                        "the id \(quoted(example.id)) is that of \(path):\(earlier) too"
                    )
                }
            }
            rows.append(row)
        }
        if rows.isEmpty { throw TextTaskError.noExamples(file: path, leftOut: leftOut) }
    }

    private static func read(
        _ line: LineReader.Line,
        isFirst: Bool,
        _ body: (JSONNode) throws -> ParsedRow?
    ) throws -> ParsedRow? {
        do {
            return try line.read(body)
        } catch let error as JSONLinesError {
            guard isFirst, let form = FileForm(of: line.file) else { throw error }
            throw TextTaskError.form(file: line.file, form)
        }
    }

    /// The examples of the rows at `chosen`, or of all, but of no more than `limit` rows.
    func loaded(_ chosen: [Int]? = nil, isShare: Bool, limit: Int? = nil) -> LoadedExamples {
        let all = chosen?.map { rows[$0] } ?? rows
        return LoadedExamples(
            examples: all.prefix(limit ?? all.count).flatMap(\.examples),
            file: path,
            leftOut: leftOut,
            isShare: isShare
        )
    }
}
