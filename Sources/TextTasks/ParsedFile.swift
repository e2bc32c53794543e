import Foundation
import JSON

/// The examples of one data file, or of some of its lines.
struct ParsedFile {
    let path: String
    private(set) var examples: [ParsedExample] = []
    /// Number of lines the data set's protocol leaves out.
    private(set) var leftOut = 0

    /// Reads the lines that `chosen` counts, from 0 without blank ones, and nothing behind them.
    init(
        _ file: URL,
        rows: any ExampleRow.Type,
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
            let isFirst = examples.isEmpty
            guard let parsed = try Self.example(line, at: place, as: rows, isFirst: isFirst) else {
                leftOut += 1
                continue
            }
            if requiringLabels, parsed.example.label == nil {
                throw place.failure("the line does not say which answer is right")
            }
            if let earlier = lines.updateValue(line.number, forKey: parsed.example.id) {
                throw place.failure(
                    "the id \(quoted(parsed.example.id)) is that of \(path):\(earlier) too"
                )
            }
            examples.append(parsed)
        }
        if examples.isEmpty { throw TextTaskError.noExamples(file: path, leftOut: leftOut) }
    }

    private static func example(
        _ line: LineReader.Line,
        at place: RowPlace,
        as rows: any ExampleRow.Type,
        isFirst: Bool
    ) throws -> ParsedExample? {
        do {
            return try line.read { try rows.example($0, at: place) }
        } catch let error as JSONLinesError {
            guard isFirst, let form = FileForm(of: place.path) else { throw error }
            throw TextTaskError.form(file: place.path, form)
        }
    }

    /// The examples at `chosen`, or all, but no more than `limit`.
    func loaded(_ chosen: [Int]? = nil, isShare: Bool, limit: Int? = nil) -> LoadedExamples {
        let all = (chosen?.map { examples[$0] } ?? examples).map(\.example)
        return LoadedExamples(
            examples: limit.map { Array(all.prefix($0)) } ?? all,
            file: path,
            leftOut: leftOut,
            isShare: isShare
        )
    }
}
