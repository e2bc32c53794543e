import Foundation
import JSON
import TensorFiles
import Testing

@testable import Tokenization

/// Vocabularies of released models, which `compare_vocabularies.py` fetches and prepares.
@Suite("Released vocabularies give the ids and texts of the Hugging Face library")
struct VocabularyTests {
    private static let folder = ProcessInfo.processInfo.environment["VARLORA_VOCABULARIES"]
        .map { URL(fileURLWithPath: $0) }

    static let names: [String] = {
        guard let folder else { return [] }
        let found = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return found?.sorted() ?? []
    }()

    struct Cases: Decodable {
        struct Decoded: Decodable {
            let ids: [Int]
            let text: String
            let skipped: String
        }

        /// Whether the file is of a kind that is not read.
        let refused: Bool?
        let vocabularySize: Int?
        let texts: [String]?
        let ids: [[Int]]?
        let plain: [[Int]]?
        let decoded: [Decoded]?
    }

    struct Result: Encodable {
        var texts = 0
        var encoded = 0
        var decoded = 0
        var examples: [String] = []
        var refusal: String?
    }

    @Test("A vocabulary", .enabled(if: folder != nil), arguments: names)
    func vocabulary(_ name: String) throws {
        let folder = try #require(Self.folder).appendingPathComponent(name)
        let cases = try JSONDecoder().decode(
            Cases.self,
            from: Data(contentsOf: folder.appendingPathComponent("cases.json"))
        )
        var result = Result()
        do {
            result = try Self.compare(Self.tokenizer(in: folder), cases)
            #expect(cases.refused != true, "read")
        } catch {
            result.refusal = "\(error)".replacingOccurrences(of: folder.path + "/", with: "")
            #expect(cases.refused == true, "\(error)")
        }
        #expect(result.encoded == 0 && result.decoded == 0, "\(result.examples)")
        try JSONEncoder().encode(result).write(to: folder.appendingPathComponent("result.json"))
    }

    private static func tokenizer(in folder: URL) throws -> Tokenizer {
        let file = folder.appendingPathComponent("model.gguf")
        if FileManager.default.fileExists(atPath: file.path) {
            return try Tokenizer(GGUF(contentsOf: file))
        }
        return try Tokenizer(contentsOf: folder.appendingPathComponent("tokenizer.json"))
    }

    private static func compare(_ tokenizer: Tokenizer, _ cases: Cases) throws -> Result {
        var result = Result()
        guard let texts = cases.texts else { return result }
        let ids = try #require(cases.ids)
        let plain = try #require(cases.plain)
        #expect(tokenizer.vocabularySize == cases.vocabularySize)
        #expect(ids.count == texts.count && plain.count == texts.count)
        result.texts = texts.count
        for (text, (ids, plain)) in zip(texts, zip(ids, plain)) {
            let found = try tokenizer.encode(text)
            let foundPlain = try tokenizer.encode(text, addSpecialTokens: false)
            if found == ids, foundPlain == plain { continue }
            result.encoded += 1
            result.examples.append("\(text.quoted): \(found) \(foundPlain) not \(ids) \(plain)")
        }
        for row in try #require(cases.decoded) {
            let text = try tokenizer.decode(row.ids, skipSpecialTokens: false)
            let skipped = try tokenizer.decode(row.ids)
            // Byte by byte: Swift's `==` takes canonically equivalent texts for same.
            if text.utf8.elementsEqual(row.text.utf8), skipped.utf8.elementsEqual(row.skipped.utf8)
            {
                continue
            }
            result.decoded += 1
            result.examples.append("\(row.ids): \(text.quoted) not \(row.text.quoted)")
        }
        result.examples = Array(result.examples.prefix(8))
        return result
    }
}
