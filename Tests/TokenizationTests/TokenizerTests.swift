import Foundation
import JSON
import Testing

@testable import Tokenization

@Suite("Tokenizers")
struct TokenizerTests {
    private static let vocabulary: [(String, Int)] = [
        ("a", 0), ("b", 1), ("ab", 2), ("\u{e9}", 3), ("e\u{301}", 4), ("e", 5), ("\u{301}", 6),
        ("<s>", 7), ("</s>", 8),
    ]

    /// Puts `<s>` in front.
    private static let template =
        #","post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>"}},"#
        + #"{"Sequence":{"id":"A"}}],"special_tokens":{"<s>":{"ids":[7]}}}"#

    /// A tokenizer file over `vocabulary`, and a configuration beside it.
    private func load(
        configuration: String?,
        hasTemplate: Bool = false,
        added: String = ""
    ) throws -> Tokenizer {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("tokenizer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let tokens = Self.vocabulary.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",")
        let file =
            #"{"model":{"type":"BPE","vocab":{"# + tokens
            + #"},"merges":["a b",["e","\#u{301}"]]}"#
            + (hasTemplate ? Self.template : "") + added + "}"
        let url = folder.appendingPathComponent("tokenizer.json")
        try Data(file.utf8).write(to: url)
        if let configuration {
            try Data(configuration.utf8)
                .write(to: folder.appendingPathComponent("tokenizer_config.json"))
        }
        return try Tokenizer(contentsOf: url)
    }

    @Test("Tokens are told apart by their bytes, not by canonical equivalence")
    func canonicalEquivalence() throws {
        let tokenizer = try load(configuration: nil)
        #expect(try tokenizer.encode("\u{e9}e\u{301}") == [3, 4])
        #expect(tokenizer.id(of: "\u{e9}") == 3)
        #expect(tokenizer.id(of: "e\u{301}") == 4)
        #expect(tokenizer.token(for: 4).map { Array($0.utf8) } == Array("e\u{301}".utf8))
    }

    @Test("Ids and tokens map to one another, and nothing else does")
    func lookUp() throws {
        let tokenizer = try load(configuration: nil)
        #expect(tokenizer.vocabularySize == Self.vocabulary.count)
        for (token, id) in Self.vocabulary {
            #expect(tokenizer.id(of: token) == id)
            #expect(tokenizer.token(for: id) == token)
        }
        #expect(tokenizer.id(of: "ba") == nil)
        #expect(tokenizer.id(of: "") == nil)
        for id in [-1, 9, Int.max, Int.min] { #expect(tokenizer.token(for: id) == nil) }
        #expect(tokenizer.beginningOfSequence == nil)
        #expect(tokenizer.endOfSequence == nil)
    }

    @Test(
        "tokenizer_config.json names the special tokens; tokenizer.json says which are added",
        arguments: [
            #"{"bos_token":"<s>","eos_token":{"content":"</s>"}}"#,
            #"{"bos_token":"<s>","eos_token":"</s>","add_bos_token":false}"#,
            #"{"bos_token":"<s>","eos_token":"</s>","add_bos_token":true,"add_eos_token":true}"#,
        ],
        [false, true]
    )
    func configuration(_ configuration: String, hasTemplate: Bool) throws {
        let tokenizer = try load(configuration: configuration, hasTemplate: hasTemplate)
        #expect(tokenizer.beginningOfSequence == 7)
        #expect(tokenizer.endOfSequence == 8)
        #expect(try tokenizer.encode("ab") == (hasTemplate ? [7, 2] : [2]))
        #expect(try tokenizer.encode("ab", addSpecialTokens: false) == [2])
    }

    @Test("Added tokens of tokenizer_config.json that are others are refused")
    func contradiction() throws {
        let flags = #""lstrip":false,"rstrip":false,"single_word":false,"normalized":true"#
        let entry = #"{"content":"<s>","special":true,\#(flags)}"#
        let added = #","added_tokens":[{"id":7,"content":"<s>","special":true,\#(flags)}]"#
        func decoder(_ id: Int, _ entry: String) -> String {
            #"{"added_tokens_decoder":{"\#(id)":\#(entry)}}"#
        }
        _ = try load(configuration: decoder(7, entry), added: added)
        for configuration in [
            decoder(8, entry), decoder(7, entry.replacingOccurrences(of: "<s>", with: "</s>")),
            decoder(7, entry.replacingOccurrences(of: #""rstrip":false"#, with: #""rstrip":true"#)),
        ] {
            let error = #expect(throws: JSONError.self) {
                try load(configuration: configuration, added: added)
            }
            let sentence = ": expected the token and flags of added_tokens in tokenizer.json"
            #expect(error?.description.contains(sentence) == true)
        }
    }

    @Test("A space in front that tokenizer.json does not put is refused")
    func prefixSpace() throws {
        let name = #"{"add_prefix_space":true,"tokenizer_class":"#
        _ = try load(configuration: name + #""PreTrainedTokenizerFast"}"#)
        let error = #expect(throws: JSONError.self) {
            try load(configuration: name + #""GPT2Tokenizer"}"#)
        }
        let sentence = ": add_prefix_space: expected false, as the pre_tokenizer of tokenizer.json"
        #expect(error?.description.contains(sentence) == true)
        let pre = #","pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true}"#
        _ = try load(configuration: name + #""GPT2Tokenizer"}"#, added: pre)
    }

    @Test("A configuration that names no token of the vocabulary is refused")
    func unknownName() throws {
        let error = #expect(throws: JSONError.self) {
            try load(configuration: #"{"bos_token":"<bos>"}"#)
        }
        let sentence =
            "/tokenizer_config.json: bos_token: expected a token of the vocabulary, "
            + "found the string \"<bos>\""
        #expect(error?.description.hasSuffix(sentence) == true)
    }

    /// With merges in pairs of pairs, the work of a naive merge grows with the square of the text.
    @Test("A document in one piece takes linear time, nearly", .timeLimit(.minutes(1)))
    func longPiece() throws {
        let tokenizer = try load(configuration: nil)
        let count = 200_000
        let text = String(repeating: "ab", count: count)
        #expect(try tokenizer.encode(text) == Array(repeating: 2, count: count))
    }

    @Test("A folder with another vocabulary only is refused by its name")
    func otherVocabulary() throws {
        for name in ["tekken.json", "tokenizer.model", "vocab.json"] {
            let folder = FileManager.default.temporaryDirectory
                .appendingPathComponent("tokenizer-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            try Data().write(to: folder.appendingPathComponent(name))
            let file = folder.appendingPathComponent("tokenizer.json")
            let error = #expect(throws: (any Error).self) { try Tokenizer(contentsOf: file) }
            #expect(
                error.map { "\($0)" } == "\(file.path): cannot be read: there is none, and \(name) "
                    + "beside it is of a kind that is not read; the model's page on Hugging Face "
                    + "mostly has a tokenizer.json"
            )
        }
    }

    @Test("Spaces that a SentencePiece vocabulary has beside its own stay a token")
    func spacesBeside() throws {
        var vocabulary = GGUFVocabulary(
            model: "llama",
            tokens: ["<unk>", "▁", "▁▁", "  ", "a"],
            file: "m.gguf"
        )
        vocabulary.tokenTypes = [2, 1, 1, 4, 1]
        vocabulary.scores = [0, -1, -2, -1000, -3]
        vocabulary.addBOS = false
        let tokenizer = try Tokenizer(vocabulary)
        #expect(try tokenizer.encode("  a") == [3, 1, 4])
        vocabulary.tokens[2] = "b"
        #expect(try Tokenizer(vocabulary).encode("  a") == [3, 1, 4])
    }

    @Test("Padding of the unknown token's type is not found in texts")
    func padding() throws {
        var vocabulary = GGUFVocabulary(
            model: "llama",
            tokens: ["<unk>", "[PAD]", "[", "P", "A", "D", "]"],
            file: "m.gguf"
        )
        vocabulary.tokenTypes = [2, 2, 1, 1, 1, 1, 1]
        vocabulary.scores = Array(repeating: 0, count: 7)
        vocabulary.addSpacePrefix = false
        vocabulary.addBOS = false
        #expect(try Tokenizer(vocabulary).encode("[PAD]") == [2, 3, 4, 5, 6])
    }

    @Test("GGUF metadata that contradicts itself is refused")
    func badMetadata() throws {
        var valid = GGUFVocabulary(model: "gpt2", tokens: ["a", "b", "ab"], file: "m.gguf")
        valid.merges = ["a b"]
        #expect(try Tokenizer(valid).encode("ab") == [2])
        let faults: [(String, (inout GGUFVocabulary) -> Void)] = [
            (
                "model: \"bert\" is not supported; supported: gpt2, llama",
                { $0.model = "bert" }
            ),
            (
                "pre: \"falcon\" is not supported; supported: dbrx, default, gpt-2, gpt-4o, "
                    + "llama-bpe, llama-v3, llama3, qwen2, qwen35, refact, smaug-bpe, smollm, "
                    + "starcoder, tekken",
                { $0.pre = "falcon" }
            ),
            ("merges: expected a list of merges, found none", { $0.merges = nil }),
            (
                "merges[0]: expected tokens of the vocabulary, found \"ba\"",
                { $0.merges = ["b a"] }
            ),
            (
                "merges[0]: expected two tokens with one space between, found \"ab\"",
                { $0.merges = ["ab"] }
            ),
            ("tokens[2]: expected distinct tokens, found \"a\" once more", { $0.tokens[2] = "a" }),
            ("bos_token_id: expected an id below 3, found 3", { $0.beginningOfSequence = 3 }),
            ("eos_token_id: expected an id below 3, found -1", { $0.endOfSequence = -1 }),
            (
                "token_type: expected 3 values, one for each token, found 1",
                { $0.tokenTypes = [1] }
            ),
            (
                "scores: expected 3 values, one for each token, found 0",
                { $0.scores = [] }
            ),
            (
                "scores: expected a score for each token, found none",
                {
                    $0.model = "llama"
                    $0.merges = nil
                }
            ),
            (
                "scores[1]: expected a number, found NaN",
                {
                    $0.model = "llama"
                    $0.merges = nil
                    $0.scores = [0, .nan, 0]
                }
            ),
        ]
        for (message, change) in faults {
            var vocabulary = valid
            change(&vocabulary)
            let error = #expect(throws: TokenizationError.self) { try Tokenizer(vocabulary) }
            #expect(error?.description == "m.gguf: tokenizer.ggml." + message)
        }
    }

    @Test("Without a flag, SentencePiece and Llama 3 vocabularies begin with their first token")
    func defaultBeginning() throws {
        var vocabulary = GGUFVocabulary(model: "gpt2", tokens: ["a", "<s>"], file: "m.gguf")
        vocabulary.merges = []
        vocabulary.scores = [0, 0]
        vocabulary.tokenTypes = [1, 3]
        vocabulary.beginningOfSequence = 1
        #expect(try Tokenizer(vocabulary).encode("a") == [0])
        vocabulary.pre = "llama-bpe"
        #expect(try Tokenizer(vocabulary).encode("a") == [1, 0])
        vocabulary.model = "llama"
        vocabulary.addSpacePrefix = false
        #expect(try Tokenizer(vocabulary).encode("a") == [1, 0])
        vocabulary.addBOS = false
        vocabulary.addEOS = true
        vocabulary.endOfSequence = 1
        #expect(try Tokenizer(vocabulary).encode("a") == [0, 1])
    }
}
