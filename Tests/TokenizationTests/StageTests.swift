import Foundation
import JSON
import Testing

@testable import Tokenization

@Suite("Tokenizer files of any stages agree with the Hugging Face library, or are refused by name")
struct StageTests {
    struct Golden: Decodable {
        struct Case: Decodable {
            let file: String
            let texts: [String]
            /// nil where the library fails.
            let results: [Result?]
        }

        struct Result: Decodable {
            let ids: [Int]
            let plain: [Int]
            let decoded: String
        }

        let vocabulary: String
        let cases: [Case]
    }

    @Test("Stages put together at random")
    func random() throws {
        let golden = try GoldenFiles.decode(Golden.self, "stages.json")
        var refused: [String] = []
        for (index, expected) in golden.cases.enumerated() {
            let file = expected.file.replacingOccurrences(of: "\"@\"", with: golden.vocabulary)
            let tokenizer: Tokenizer
            do {
                tokenizer = try Tokenizer(data: Data(file.utf8), file: "t.json")
            } catch {
                refused.append("\(error)")
                continue
            }
            for (text, result) in zip(expected.texts, expected.results) {
                guard let result else { continue }
                let comment: Comment = "file \(index): \(text.quoted)"
                #expect(try tokenizer.encode(text) == result.ids, comment)
                #expect(
                    try tokenizer.encode(text, addSpecialTokens: false) == result.plain,
                    comment
                )
                let decoded = try tokenizer.decode(result.ids, skipSpecialTokens: false)
                #expect(Array(decoded.utf8) == Array(result.decoded.utf8), comment)
            }
        }
        #expect(refused.allSatisfy { $0.hasPrefix("t.json: ") })
        #expect(refused.count < golden.cases.count / 8, "\(refused)")
    }

    /// A tokenizer of "a" to "c" and U+00A9 with a stage or tokens.
    private func load(_ stage: String) throws -> Tokenizer {
        let file = #"{"model":{"type":"BPE","vocab":{"a":0,"b":1,"c":2,"©":3},"merges":[]},"#
        return try Tokenizer(data: Data((file + stage + "}").utf8), file: "t.json")
    }

    private func expectRefusal(_ sentence: String, _ body: () throws -> some Any) {
        let error = #expect(throws: (any Error).self) { _ = try body() }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.hasPrefix("t.json: ") && text.contains(sentence), "\(text)")
    }

    @Test("A chain of stages that multiplies a text is stopped")
    func growth() throws {
        let content = String(repeating: "a", count: 1000)
        let replace = #"{"type":"Replace","pattern":{"String":"a"},"content":"\#(content)"}"#
        let six = Array(repeating: replace, count: 6).joined(separator: ",")
        let byteLevel = #"{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}"#
        let forty = Array(repeating: byteLevel, count: 40).joined(separator: ",")
        let bomb = try load(#""normalizer":{"type":"Sequence","normalizers":[\#(six)]}"#)
        expectRefusal("found 1000000") { try bomb.encode("a") }
        let doubling = try load(#""pre_tokenizer":{"type":"Sequence","pretokenizers":[\#(forty)]}"#)
        expectRefusal("expected stages that make at most") { try doubling.encode("©") }
        let decoder = try load(#""decoder":{"type":"Sequence","decoders":[\#(six)]}"#)
        expectRefusal("found 1000000") { try decoder.decode([0]) }
        let long = String(repeating: "b", count: 60_000)
        let token =
            #"{"id":4,"content":"<s>","special":true,"lstrip":false,"rstrip":false,"#
            + #""single_word":false,"normalized":false}"#
        let prefix = try load(
            #""added_tokens":[\#(token)],"normalizer":{"type":"Prepend","prepend":"\#(long)"}"#
        )
        expectRefusal("expected stages that make at most") {
            try prefix.encode(String(repeating: "a<s>", count: 1000))
        }
    }

    @Test("A chain of stages of any length is stopped")
    func chain() throws {
        var stage = #"{"type":"NFKC"}"#
        for _ in 0..<4 {
            let four = Array(repeating: stage, count: 8).joined(separator: ",")
            stage = #"{"type":"Sequence","normalizers":[\#(four)]}"#
        }
        let tokenizer = try load(#""normalizer":\#(stage)"#)
        expectRefusal("normalizer: expected fewer steps on this text") {
            try tokenizer.encode(String(repeating: "©", count: 200))
        }
    }

    @Test("Long added tokens that almost match are stopped")
    func nearMatches() throws {
        let content = String(repeating: "a", count: 20_000) + "b"
        let tokenizer = try load(
            #""added_tokens":[{"id":4,"content":"\#(content)","special":false,"lstrip":false,"#
                + #""rstrip":false,"single_word":false,"normalized":false}]"#
        )
        expectRefusal("added_tokens: expected fewer steps on this text") {
            try tokenizer.encode(String(repeating: "a", count: 20_000))
        }
    }

    @Test("A pattern that takes too long on a text is named")
    func backtracking() throws {
        let tokenizer = try load(
            #""pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a+)+$"},"#
                + #""behavior":"Isolated","invert":false}"#
        )
        #expect(try tokenizer.encode("aa") == [0, 0])
        expectRefusal("pre_tokenizer.pattern.Regex: expected a pattern that takes fewer steps") {
            try tokenizer.encode(String(repeating: "a", count: 40) + "!")
        }
    }

    private static let faults: [(stage: String, sentence: String)] = [
        (
            #""normalizer":{"type":"Prepend","prepend":""}"#,
            "normalizer.prepend: expected a string of some length"
        ),
        (
            #""normalizer":{"type":"Replace","pattern":{"Regex":"x*"},"content":"a"}"#,
            "normalizer.pattern: expected a pattern that always matches some character"
        ),
        (
            #""normalizer":{"type":"StripAccents"},"pre_tokenizer":{"type":"Metaspace","#
                + #""replacement":"_","prepend_scheme":"first"}"#,
            "pre_tokenizer: \"prepend_scheme first behind a normalizer that takes off"
        ),
        (
            #""pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"ByteLevel","#
                + #""add_prefix_space":true},{"type":"Metaspace","replacement":"_","#
                + #""prepend_scheme":"first"}]}"#,
            "pre_tokenizer.pretokenizers[1]: \"prepend_scheme first behind a stage that rewrites"
        ),
        (
            #""pre_tokenizer":{"type":"UnicodeScripts"}"#,
            "pre_tokenizer: \"UnicodeScripts\" is not supported; supported: Sequence, ByteLevel"
        ),
        (
            #""pre_tokenizer":{"type":"Punctuation","behavior":"removed"}"#,
            "pre_tokenizer.behavior: \"removed\" is not supported; supported: Removed, Isolated"
        ),
        (
            #""post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"a"}},"#
                + #"{"Sequence":{"id":"A"}}],"special_tokens":{"a":{"ids":["#
                + #"\#(String(repeating: "0,", count: 1000))0]}}}"#,
            "post_processor.single: expected at most 1000 special ids, found 1001"
        ),
        (
            #""post_processor":{"type":"RobertaProcessing","cls":["a",9],"sep":["a",0]}"#,
            "post_processor: expected ids of the vocabulary, found 9"
        ),
        (
            #""normalizer":{"type":"Strip","strip_left":true,"strip_right":true},"added_tokens":["#
                + #"{"id":4,"content":" ","special":false,"lstrip":false,"rstrip":false,"#
                + #""single_word":false,"normalized":true}]"#,
            "added_tokens[0]: expected a token that the normalizer leaves something of"
        ),
    ]

    @Test("What the library loses track of is refused by name", arguments: faults.indices)
    func fault(_ index: Int) throws {
        let (stage, sentence) = Self.faults[index]
        expectRefusal(sentence) { try load(stage) }
    }
}
