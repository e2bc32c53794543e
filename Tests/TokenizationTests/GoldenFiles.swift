import Foundation

@testable import Tokenization

/// The files that `make_tokenizers.py` wrote.
enum GoldenFiles {
    static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("References/Golden/Tokenizers")

    static func data(_ name: String) throws -> Data {
        try Data(contentsOf: folder.appendingPathComponent(name))
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
        try JSONDecoder().decode(type, from: data(name))
    }
}

/// The texts that all cases share; the first `listed` are made by hand, the rest at random.
struct GoldenTexts: Decodable {
    let listed: Int
    let texts: [String]
}

/// What the reference library makes of each text.
struct GoldenCases: Decodable {
    struct Case: Decodable {
        let ids: [Int]
        /// Without special tokens; nil where the same.
        let plain: [Int]?
        /// With special tokens; nil where the same as the text.
        let decoded: String?
        /// Without special tokens; nil where the same as with them.
        let skipped: String?
    }

    struct Loose: Decodable {
        let ids: [Int]
        let decoded: String
        let skipped: String
    }

    let vocabularySize: Int
    let cases: [Case]
    let loose: [Loose]
}

/// GGUF metadata in keys of the script's own.
struct GoldenMetadata: Decodable {
    let model: String
    let pre: String
    let tokens: [String]
    let tokenTypes: [Int]
    let scores: [Float]?
    let merges: [String]?
    let bos: Int?
    let eos: Int?
    let unknown: Int?
    let addSpacePrefix: Bool?
    let architecture: String?

    func vocabulary(_ file: String) -> GGUFVocabulary {
        var vocabulary = GGUFVocabulary(model: model, pre: pre, tokens: tokens, file: file)
        vocabulary.tokenTypes = tokenTypes
        vocabulary.scores = scores
        vocabulary.merges = merges
        vocabulary.beginningOfSequence = bos
        vocabulary.endOfSequence = eos
        vocabulary.unknown = unknown
        vocabulary.addSpacePrefix = addSpacePrefix
        vocabulary.architecture = architecture
        return vocabulary
    }
}
