import Foundation
import JSON
import Testing

@Suite("JSON files")
struct JSONFileTests {
    private struct Contents: Codable, Equatable {
        var name: String
        var counts: [Int]
        var rate: Double?
        var inner: [String: Double]?
    }

    @Test("What is written is sorted, ends with a newline, and comes back with its infinities")
    func roundTrip() throws {
        let contents = Contents(name: "a/b", counts: [2, 1], rate: -.infinity, inner: ["x": 0.5])
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("json-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try JSONFile.write(contents, to: file)
        #expect(try JSONFile.read(Contents.self, from: file) == contents)
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text == (try JSONFile.text(of: contents)) + "\n")
        let places = ["\"counts\"", "\"inner\"", "\"a/b\"", "\"-inf\""].map {
            text.range(of: $0)?.lowerBound
        }
        #expect(!places.contains(nil) && places.compactMap { $0 }.sorted() == places)
    }

    @Test(
        "Faults are one sentence with file, key, expected and found",
        arguments: [
            (
                "{",
                "not valid JSON at line 1, column 2: expected a key in double quotes, "
                    + "found the end of the text"
            ),
            ("[]", "the top level: expected an object, found an array"),
            (#"{"counts": []}"#, "name: expected a value, found none"),
            (#"{"name": null, "counts": []}"#, "name: expected a string, found null"),
            (#"{"name": "x", "counts": 3}"#, "counts: expected an array, found the number 3"),
            (
                #"{"name": "x", "counts": [1, "b"]}"#,
                #"counts[1]: expected a whole number, found the string "b""#
            ),
            (
                #"{"name": "x", "counts": [1, 0.5]}"#,
                "counts[1]: expected a whole number, found the number 0.5"
            ),
            (
                #"{"name": "x", "counts": [], "inner": {"y": true}}"#,
                "inner.y: expected a number, found true"
            ),
        ]
    )
    func faults(_ text: String, _ says: String) {
        let error = #expect(throws: JSONError.self) {
            try JSONFile.read(Contents.self, from: Data(text.utf8), file: "f.json")
        }
        #expect(error?.description == "f.json: \(says)")
    }

    @Test("A file that is not there is named")
    func missing() {
        let file = URL(fileURLWithPath: "/nowhere/f.json")
        let error = #expect(throws: JSONError.self) { try JSONFile.read([Int].self, from: file) }
        #expect(error?.description == "/nowhere/f.json: cannot be read: No such file or directory")
    }
}
