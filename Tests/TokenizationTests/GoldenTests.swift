import Foundation
import JSON
import Testing

@testable import Tokenization

@Suite("Tokenizers agree with the Hugging Face library")
struct GoldenTests {
    static let files = [
        "gpt2", "prefix-space", "smollm2", "llama3", "qwen2", "llama2", "llama2-normalized",
        "metaspace-first", "metaspace-always", "metaspace-decoder", "partial-bytes", "added",
        "other", "sequences",
    ]

    @Test("A tokenizer.json gives the ids and texts of the library", arguments: files)
    func tokenizerFile(_ name: String) throws {
        let file = "\(name).tokenizer.json"
        let tokenizer = try Tokenizer(data: GoldenFiles.data(file), file: file)
        try check(tokenizer, against: "\(name).cases.json")
    }

    @Test(
        "GGUF metadata gives the ids and texts of the same model's tokenizer.json",
        arguments: [
            "gpt2", "smollm2", "llama3", "qwen2", "sentencepiece", "dbrx", "tekken", "gpt-4o",
            "qwen35", "gemma", "phi3",
        ]
    )
    func metadata(_ name: String) throws {
        let file = "\(name).gguf.json"
        let metadata = try GoldenFiles.decode(GoldenMetadata.self, file)
        let tokenizer = try Tokenizer(metadata.vocabulary(file))
        try check(tokenizer, against: "\(name).cases.json")
    }

    @Test(
        "Other names of the same words give the same ids",
        arguments: [
            ("gpt2", "default"), ("smollm2", "refact"), ("smollm2", "starcoder"),
            ("llama3", "llama3"), ("llama3", "llama-v3"), ("llama3", "smaug-bpe"),
        ]
    )
    func otherNames(_ name: String, _ pre: String) throws {
        let file = "\(name).gguf.json"
        var vocabulary = try GoldenFiles.decode(GoldenMetadata.self, file).vocabulary(file)
        vocabulary.pre = pre
        // Of the files with Llama 3's words, only these begin with a token by default.
        if pre == "smaug-bpe" { vocabulary.addBOS = true }
        try check(Tokenizer(vocabulary), against: "\(name).cases.json")
    }

    private func check(_ tokenizer: Tokenizer, against file: String) throws {
        let texts = try GoldenFiles.decode(GoldenTexts.self, "texts.json")
        let golden = try GoldenFiles.decode(GoldenCases.self, file)
        #expect(tokenizer.vocabularySize == golden.vocabularySize)
        #expect(texts.texts.count == golden.cases.count)
        for (index, (text, golden)) in zip(texts.texts, golden.cases).enumerated() {
            let comment: Comment = "text \(index): \(text.quoted)"
            #expect(try tokenizer.encode(text) == golden.ids, comment)
            #expect(
                try tokenizer.encode(text, addSpecialTokens: false) == golden.plain ?? golden.ids,
                comment
            )
            if index < texts.listed {
                let decoded = golden.decoded ?? text
                try expectSame(tokenizer, golden.ids, decoded, golden.skipped ?? decoded)
            }
        }
        for loose in golden.loose {
            try expectSame(tokenizer, loose.ids, loose.decoded, loose.skipped)
        }
    }

    /// Compares decoded texts byte by byte: Swift's `==` takes "é" in one and two scalars for same.
    private func expectSame(
        _ tokenizer: Tokenizer,
        _ ids: [Int],
        _ decoded: String,
        _ skipped: String
    ) throws {
        let all = try tokenizer.decode(ids, skipSpecialTokens: false)
        #expect(Array(all.utf8) == Array(decoded.utf8), "\(ids): \(decoded.quoted)")
        let some = try tokenizer.decode(ids)
        #expect(Array(some.utf8) == Array(skipped.utf8), "\(ids): \(skipped.quoted)")
    }
}
