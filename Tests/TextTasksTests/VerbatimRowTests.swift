import Foundation
import Testing

@testable import TextTasks

@Suite("Rows are copied as they stand in their file")
struct VerbatimRowTests {
    private func copy(
        _ text: String,
        _ name: String,
        _ lines: [Int],
        inverted: Bool = false
    ) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            UUID().uuidString
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent(name)
        try Data(text.utf8).write(to: file)
        let output = folder.appendingPathComponent("output")
        let rows = try VerbatimRows(contentsOf: file)
        let sources = lines.map { "\(file.path):\($0)" }
        try inverted ? rows.write(allBut: sources, to: output) : rows.write(sources, to: output)
        return try String(contentsOf: output, encoding: .utf8)
    }

    @Test("Lines of JSON keep their spaces, keys and order, and get a line end where it is missing")
    func lines() throws {
        let text = "{\"b\": 1,  \"a\":2}\n\n{}\r\n{\"c\":\"\\u00e9\"}"
        let chosen = try copy(text, "rows.jsonl", [4, 1])
        #expect(chosen == "{\"c\":\"\\u00e9\"}\n{\"b\": 1,  \"a\":2}\n")
        #expect(try copy(text, "rows.jsonl", [3]) == "{}\r\n")
        let others = try copy(text, "rows.jsonl", [3], inverted: true)
        #expect(others == "{\"b\": 1,  \"a\":2}\n{\"c\":\"\\u00e9\"}\n")
    }

    @Test("Records of a table come below its header, quotes and line ends in them as they were")
    func table() throws {
        let text = "text,label\r\n\"a\n\nb\",x\r\n\r\nplain,\"y\"\r\n\"q\"\"q\",z"
        let chosen = try copy(text, "rows.csv", [6, 2])
        #expect(chosen == "text,label\r\nplain,\"y\"\r\n\"a\n\nb\",x\r\n")
        #expect(try copy(text, "rows.csv", [7]) == "text,label\r\n\"q\"\"q\",z\n")
        #expect(try copy(text, "rows.csv", []) == "text,label\r\n")
    }

    @Test("What is no file of rows, and a row that has gone, are refused")
    func refused() throws {
        let folder = FileManager.default.temporaryDirectory
        #expect(throws: TextTaskError.self) { try VerbatimRows(contentsOf: folder) }
        #expect(throws: TextTaskError.self) { try copy("{}\n", "rows.jsonl", [2]) }
    }

    @Test("The questions of a row are one row, and rows by themselves are one each")
    func rows() throws {
        func example(_ id: String, _ source: String) -> Example {
            Example(id: id, source: source, prompt: "x", choices: ["a", "b"])
        }
        let loaded = LoadedExamples(
            examples: [example("1/a", "f:1"), example("1/b", "f:1"), example("2", "f:2")],
            file: "f",
            leftOut: 0,
            isShare: false
        )
        #expect(loaded.rows == [0..<2, 2..<3])
    }
}
