import Foundation
import JSON
import Testing

@testable import Tokenization

@Suite("Normalizers")
struct NormalizerTests {
    @Test(
        "Unicode forms agree with the reference library, byte for byte",
        arguments: ["NFC", "NFD", "NFKC", "NFKD", "Lowercase"]
    )
    func forms(_ name: String) throws {
        let golden = try GoldenFiles.decode([String: [String]].self, "normalization.json")
        let texts = try #require(golden["texts"])
        let expected = try #require(golden[name])
        let node = try JSONNode(parsing: #"{"type":"\#(name)"}"#.utf8, file: "test")
        let normalizer = try Normalizer(node)
        #expect(texts.count == expected.count)
        for (text, expected) in zip(texts, expected) {
            var allowance = Allowance(text.utf8.count, file: "test")
            let found = try normalizer.normalize(Array(text.utf8), &allowance)
            #expect(found == Array(expected.utf8), "\(text)")
        }
    }

    @Test("Normalizing twice changes nothing more", arguments: ["NFC", "NFD", "NFKC", "NFKD"])
    func idempotence(_ name: String) throws {
        let texts = try GoldenFiles.decode(GoldenTexts.self, "texts.json").texts
        let form = try #require(UnicodeForm(rawValue: name))
        for text in texts {
            let once = form.normalize(Array(text.utf8))
            #expect(form.normalize(once) == once)
        }
    }
}
