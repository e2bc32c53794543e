import Foundation
import JSON
import Testing

@Suite("JSON parser, against Python's")
struct StrictnessTests {
    @Test("Texts are accepted, with the same value, or refused, as by a strict json.loads")
    func agreesWithPython() throws {
        let file = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("References/Golden/JSON/cases.json")
        let cases = try JSONNode(contentsOf: file).elements()
        #expect(cases.count > 300)
        for node in cases {
            let digits = Array(try node.required("hex").string())
            let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
                UInt8(String(digits[$0..<$0 + 2]), radix: 16)
            }
            let expected = try node.member("value").map {
                try JSONNode(parsing: $0.string().utf8, file: "expected").value
            }
            let found = Result { try JSONNode(parsing: bytes, file: "f").value }
            let text = String(decoding: bytes.prefix(80), as: UTF8.self)
            #expect((try? found.get()) == expected, "\(text)")
            guard case .failure(let error) = found else { continue }
            let sentence = "\(error)"
            #expect(sentence.hasPrefix("f: not valid JSON at line "), "\(text): \(sentence)")
            #expect(sentence.contains(": expected ") && sentence.contains(", found "))
            #expect(sentence.unicodeScalars.allSatisfy { $0.value >= 0x20 }, "\(sentence)")
        }
    }
}
