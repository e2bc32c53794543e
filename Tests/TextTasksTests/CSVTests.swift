import Foundation
import Testing

@testable import TextTasks

@Suite("Tables as RFC 4180 has them")
struct CSVTests {
    private func fields(_ text: String) throws -> [[String]] {
        let table = try CSVTable(text, file: "t.csv")
        return [table.header.fields] + table.records.map(\.fields)
    }

    @Test(
        "Fields may be quoted, hold commas, line ends and quotes, and be empty",
        arguments: [
            ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
            ("a,b\r\n1,2", [["a", "b"], ["1", "2"]]),
            ("\u{FEFF}a,b\n\n1,2\r\n\r\n", [["a", "b"], ["1", "2"]]),
            ("a,b\n\"x, y\",\"\"\"z\"\"\"\n", [["a", "b"], ["x, y", "\"z\""]]),
            ("a,b\n\"x\r\ny\n\",\n,\"\"", [["a", "b"], ["x\r\ny\n", ""], ["", ""]]),
            ("\"a\",\"b\"\n é ,\u{2028}\n", [["a", "b"], [" é ", "\u{2028}"]]),
            ("a\n", [["a"]]),
        ]
    )
    func read(_ text: String, _ expected: [[String]]) throws {
        #expect(try fields(text) == expected)
    }

    @Test("Any fields come back from what is written as the specification says")
    func roundTrip() throws {
        let signs = ["", " ", ",", "\"", "\"\"", "\n", "\r\n", "\r", "x", "é", "👩‍👧", "\t"]
        let records = signs.flatMap { a in signs.map { b in [a + "," + b, b + a] } }
        for end in ["\n", "\r\n"] {
            let lines = ([["a", "b"]] + records).map { record in
                record.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ",")
            }
            #expect(try fields(lines.joined(separator: end)) == [["a", "b"]] + records)
        }
    }

    @Test("A record stands where it begins")
    func lines() throws {
        let table = try CSVTable("a,b\n\"1\n\n2\",x\n\n3,y\n", file: "t.csv")
        #expect(table.records.map(\.line) == [2, 6])
    }

    @Test(
        "What is no such table is refused with its line",
        arguments: [
            ("", "t.csv:1: expected a header, found the end of the file"),
            ("\n\n", "t.csv:1: expected a header"),
            ("a,b\n1,2,3\n", "t.csv:2: expected 2 fields as in the header, found 3"),
            ("a,b\n1\n", "t.csv:2: expected 2 fields as in the header, found 1"),
            ("a,b\n\"1\n\n2\",x\n3\n", "t.csv:5: expected 2 fields"),
            ("a,b\n1,x\"y\n", "t.csv:2: a field with a quote in it must be in quotes"),
            ("a,b\n\"1\"2,x\n", "t.csv:2: expected a comma or a line end behind a closing quote"),
            ("a,b\n1,2\n\"3\n4,5\n", "t.csv:3: the quote that begins here is never closed"),
            ("a,b\n1,2\r3,4\n", "t.csv:2: expected a line end, found a carriage return alone"),
        ]
    )
    func faults(_ text: String, _ says: String) {
        let found = sentence { _ = try fields(text) }
        #expect(found.hasPrefix(says), "\(found)")
    }
}
