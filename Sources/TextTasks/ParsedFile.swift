import Foundation
import JSON

/// The rows of one data file, or some of them.
struct ParsedFile {
    let path: String
    private(set) var rows: [ParsedRow] = []
    /// Number of lines the data set's protocol leaves out.
    private(set) var leftOut = 0

    /// Reads the rows that `chosen` counts, from 0 without blank lines, and nothing behind them.
    init(
        _ file: URL,
        as form: any ExampleRow.Type,
        _ setting: RowSetting,
        requiringLabels: Bool,
        only chosen: some Sequence<Int> = 0...
    ) throws {
        path = file.path
        var source = try RowSource(file)
        var places: [String: String] = [:]
        var (rest, count) = (chosen.makeIterator(), 0)
        var wanted = rest.next()
        while let index = wanted, let row = try source.next() {
            defer { count += 1 }
            guard count == index else { continue }
            wanted = rest.next()
            guard let parsed = try Self.parsed(row, as: form, setting, isFirst: rows.isEmpty) else {
                leftOut += 1
                continue
            }
            for example in parsed.examples {
                if requiringLabels, example.label == nil {
                    let question = parsed.examples.count > 1 ? " of \(quoted(example.id))" : ""
                    throw row.place.failure(
                        "the line does not say which answer\(question) is right"
                    )
                }
                if let earlier = places.updateValue(row.place.source, forKey: example.id) {
                    throw row.place.failure(
                        "the id \(quoted(example.id)) is that of \(earlier) too"
                    )
                }
            }
            rows.append(parsed)
        }
        if rows.isEmpty { throw TextTaskError.noExamples(file: path, leftOut: leftOut) }
    }

    private static func parsed(
        _ row: RowSource.Row,
        as form: any ExampleRow.Type,
        _ setting: RowSetting,
        isFirst: Bool
    ) throws -> ParsedRow? {
        switch row.content {
        case .text(let text): return try setting.row(text)
        case .line(let line):
            do {
                return try line.read { try form.row($0, at: row.place, setting) }
            } catch let error as JSONLinesError {
                guard isFirst, let form = FileForm(of: line.file) else { throw error }
                throw TextTaskError.form(file: line.file, form)
            }
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
