import Foundation
import JSON

/// The examples of one data file.
struct ParsedFile {
    let path: String
    private(set) var examples: [ParsedExample] = []
    /// Number of lines the data set's protocol leaves out.
    private(set) var leftOut = 0

    init(_ file: URL, rows: any ExampleRow.Type, requiringLabels: Bool) throws {
        path = file.path
        try read(rows, from: file, requiringLabels: requiringLabels)
        if examples.isEmpty { throw TextTaskError.noExamples(file: path, leftOut: leftOut) }
    }

    private mutating func read<Row: ExampleRow>(
        _: Row.Type,
        from file: URL,
        requiringLabels: Bool
    ) throws {
        var sources: [String: String] = [:]
        for line in try JSONLines.read(Row.self, from: file) {
            let place = RowPlace(
                path: file.path,
                fileName: file.lastPathComponent,
                line: line.number
            )
            guard let parsed = try line.row.example(at: place) else {
                leftOut += 1
                continue
            }
            if requiringLabels, parsed.example.label == nil {
                throw place.failure("the line does not say which answer is right")
            }
            if let earlier = sources.updateValue(place.source, forKey: parsed.example.id) {
                throw place.failure("the id \(quoted(parsed.example.id)) is that of \(earlier) too")
            }
            examples.append(parsed)
        }
    }

    /// Train or validation examples of a train file without a validation file beside it.
    func trainFilePart(_ part: Split, seed: UInt64) throws -> [Int] {
        let size = RandomSplit.validationSize(of: examples.count)
        let split = RandomSplit(groups: examples.map(\.group), sizes: [size], seed: seed)
        try requireExamples(in: split, needed: 2)
        return part == .train ? split.rest : split.parts[0]
    }

    /// A part of a single file that holds all three.
    func singleFilePart(_ part: Split, seed: UInt64) throws -> [Int] {
        let size = RandomSplit.singleFilePartSize(of: examples.count)
        let split = RandomSplit(groups: examples.map(\.group), sizes: [size, size], seed: seed)
        try requireExamples(in: split, needed: 3)
        switch part {
        case .train: return split.rest
        case .validation: return split.parts[0]
        case .test: return split.parts[1]
        }
    }

    private func requireExamples(in split: RandomSplit, needed: Int) throws {
        if split.rest.isEmpty || split.parts.contains(where: \.isEmpty) {
            throw TextTaskError.tooFewExamples(file: path, count: examples.count, needed: needed)
        }
    }

    /// The chosen examples, or all.
    func loaded(_ chosen: [Int]?) -> LoadedExamples {
        LoadedExamples(
            examples: (chosen?.map { examples[$0] } ?? examples).map(\.example),
            file: path,
            leftOut: leftOut,
            isShare: chosen != nil
        )
    }
}
