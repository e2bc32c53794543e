import Foundation
import JSON
import Testing

@Suite("Lines of JSON Lines files")
struct LineReaderTests {
    private func withFile<Result>(_ text: String, _ body: (URL) throws -> Result) throws -> Result {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("lines-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text.utf8).write(to: file)
        return try body(file)
    }

    @Test("Lines end at \\n alone, blank ones are counted and passed over, a mark at the start too")
    func lines() throws {
        let cases: [(String, [Int])] = [
            ("", []), ("\n \r\n\t\n", []), ("1", [1]), ("1\n", [1]), ("1\r\n\r\n2", [1, 3]),
            ("\u{FEFF}1\n2\n", [1, 2]), ("\u{FEFF}\n1", [2]), ("\"a\u{2028}\u{85}b\"\n2", [1, 2]),
        ]
        for (text, numbers) in cases {
            try withFile(text) { file in
                var reader = try LineReader(file)
                var found: [Int] = []
                while let line = try reader.next() {
                    found.append(line.number)
                    #expect(throws: Never.self) { try line.read { _ in } }
                }
                #expect(found == numbers, "\(text.debugDescription)")
                #expect(try LineReader.count(of: file) == numbers.count)
            }
        }
    }

    @Test("Lines of any length come whole, wherever the pieces of the file end")
    func longLines() throws {
        let lengths = [1, 3, 262_140, 262_141, 262_142, 5, 600_000, 0, 262_144, 7]
        let text = lengths.map { "\"" + String(repeating: "x", count: $0) + "\"\n" }.joined()
        try withFile(text) { file in
            let read = try JSONLines.read(String.self, from: file)
            #expect(read.map(\.row.utf8.count) == lengths)
            #expect(read.map(\.number) == Array(1...lengths.count))
        }
    }

    @Test("What follows the lines that are asked for is not looked at")
    func stops() throws {
        try withFile("1\n2\n{\n") { file in
            var reader = try LineReader(file)
            #expect(try reader.next()?.read { try $0.integer() } == 1)
            #expect(try reader.next()?.read { try $0.integer() } == 2)
            let error = #expect(throws: JSONLinesError.self) { try reader.next()?.read { _ in } }
            #expect(
                error?.description == "\(file.path):3: not valid JSON at column 2: "
                    + "expected a key in double quotes, found the end of the text"
            )
        }
    }

    @Test("A file that cannot be read says why, a pipe is not counted")
    func unreadable() throws {
        let folder = FileManager.default.temporaryDirectory
        let missing = folder.appendingPathComponent("\(UUID().uuidString)")
        for (url, reason) in [
            (missing, "No such file or directory"), (folder, "it is a folder"),
            (URL(fileURLWithPath: "/dev/zero"), "it is not a regular file"),
        ] {
            let error = #expect(throws: JSONLinesError.self) {
                var reader = try LineReader(url)
                _ = try reader.next()
            }
            #expect(error?.description == "\(url.path): the file cannot be read: \(reason)")
        }
        #expect(try LineReader.count(of: URL(fileURLWithPath: "/dev/null")) == nil)
    }
}
