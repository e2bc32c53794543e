import Foundation
import JSON
import Testing

@testable import Tokenization

@Suite("Bad files throw one sentence and never trap")
struct BadInputTests {
    /// A random generator with a seed (SplitMix64), so that a failure repeats.
    struct SeededGenerator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var value = state
            value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
            value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
            return value ^ value >> 31
        }
    }

    static let files = ["llama3", "llama2-normalized", "other", "metaspace-decoder", "added"]

    @Test("Every prefix of a file is refused", arguments: files)
    func prefixes(_ name: String) throws {
        let file = "\(name).tokenizer.json"
        let data = try GoldenFiles.data(file)
        // The file ends in a brace and a line end.
        for length in stride(from: 0, to: data.count - 1, by: 7) + [data.count - 2] {
            let error = #expect(throws: JSONError.self) {
                try Tokenizer(data: data.prefix(length), file: file)
            }
            expectOneSentence(error, file)
        }
    }

    @Test("Changed bytes are refused or give a tokenizer that works", arguments: files)
    func mutations(_ name: String) throws {
        let file = "\(name).tokenizer.json"
        let data = try GoldenFiles.data(file)
        var generator = SeededGenerator(state: 7)
        var refused = 0
        for _ in 0..<400 {
            var bytes = [UInt8](data)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let index = Int.random(in: bytes.indices, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &generator)
                case 1:
                    bytes[index] =
                        Array("0123456789\"{}[],:-e".utf8)
                        .randomElement(using: &generator) ?? 0
                case 2: bytes.remove(at: index)
                default: bytes.insert(bytes[index], at: index)
                }
            }
            do {
                let tokenizer = try Tokenizer(data: Data(bytes), file: file)
                let ids = try tokenizer.encode("Hello <s> A1\u{301} 12 [X]  wörld")
                _ = try tokenizer.decode(ids + [0, 1, -1, .max, 1 << 31])
            } catch {
                refused += 1
                expectOneSentence(error, file)
            }
        }
        #expect(refused > 100)
    }

    private func expectOneSentence(_ error: (any Error)?, _ file: String) {
        #expect(error is JSONError || error is TokenizationError)
        let text = error.map { "\($0)" } ?? ""
        #expect(text.hasPrefix(file) && !text.contains("\n") && text.count < 400, "\(text)")
    }

    /// What an otherwise valid tokenizer file says of a fault in it.
    private static let faults: [(fault: String, with: String, message: String)] = [
        (
            #""type":"BPE""#, #""type":"Unigram""#,
            #"model: "Unigram" is not supported; supported: BPE"#
        ),
        (
            #""b":1"#, #""b":0"#,
            #"model.vocab["b"]: expected an id of its own, found 0, which another token has"#
        ),
        (
            #""b":1"#, #""a":1"#,
            #"not valid JSON at line 1, column 199: expected distinct keys, found "a" once more"#
        ),
        (
            #""b":1"#, #""b":99999999999999999999"#,
            #"model.vocab["b"]: expected an integer id, found the number 1e+20"#
        ),
        (
            #""b":1"#, #""b":4000000000"#,
            #"model.vocab["b"]: expected an id from 0 to 16777215, found the number 4000000000"#
        ),
        (
            #""b":1"#, #""b":-1"#,
            #"model.vocab["b"]: expected an id from 0 to 16777215, found the number -1"#
        ),
        (
            #""b":1"#, #""b":"1""#,
            #"model.vocab["b"]: expected an integer id, found the string "1""#
        ),
        (
            #"["a","b"]"#, #"["a","c"]"#,
            #"model.merges[0]: expected tokens of the vocabulary, found "c""#
        ),
        (
            #"["a","b"]"#, #"["b","a"]"#,
            #"model.merges[0]: expected tokens of the vocabulary, found "ba""#
        ),
        (
            #"["a","b"]"#, #"["a"]"#,
            #"model.merges[0]: expected two tokens, as "a b" or ["a", "b"], found an array"#
        ),
        (
            #"["a","b"]"#, #""a  b""#,
            #"model.merges[0]: expected two tokens with one space between, found "a  b""#
        ),
        (
            #""merges""#, #""merge""#,
            #"model: expected a value for "merges", found none"#
        ),
        (
            #""id":3"#, #""id":4"#,
            #"added_tokens[0]: expected the id 3 for "<s>", found 4"#
        ),
        (
            #""special":true"#, #""special":1"#,
            "added_tokens[0].special: expected true or false, found the number 1"
        ),
        (
            #""normalizer":null"#, #""normalizer":{"type":"BertNormalizer"}"#,
            #"normalizer: "BertNormalizer" is not supported; supported: Sequence, NFC, NFD, "#
                + "NFKC, NFKD, Prepend, Replace, Lowercase, Strip, StripAccents, ByteLevel"
        ),
        (
            #""normalizer":null"#,
            #""normalizer":{"type":"Replace","pattern":{"Regex":"("},"content":""}"#,
            #"normalizer.pattern.Regex: expected a regular expression, found the string "(""#
        ),
        (
            #""normalizer":null"#, #""normalizer":{"type":"Sequence","normalizers":[{}]}"#,
            #"normalizer.normalizers[0]: expected a value for "type", found none"#
        ),
        (
            #""normalizer":null"#, #""normalizer":"\ud800""#,
            "not valid JSON at line 1, column 158: "
                + #"expected a pair of surrogates, found \ud800 alone"#
        ),
        (
            #""normalizer":null"#, #""normalizer":"# + String(repeating: "[", count: 100),
            "not valid JSON at line 1, column 220: expected at most 64 levels of nesting, found '['"
        ),
    ]

    private static let valid =
        #"{"version":"1.0","added_tokens":[{"id":3,"content":"<s>","single_word":false,"#
        + #""lstrip":false,"rstrip":false,"normalized":false,"special":true}],"normalizer":null,"#
        + #""model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[["a","b"]]}}"#

    @Test("A fault is named with its file and key", arguments: faults.indices)
    func fault(_ index: Int) throws {
        _ = try Tokenizer(data: Data(Self.valid.utf8), file: "t.json")
        let (fault, replacement, message) = Self.faults[index]
        let text = Self.valid.replacingOccurrences(of: fault, with: replacement)
        try #require(text != Self.valid)
        let error = #expect(throws: (any Error).self) {
            try Tokenizer(data: Data(text.utf8), file: "t.json")
        }
        #expect(error.map { "\($0)" } == "t.json: " + message)
    }

    @Test("A file that is not there is named")
    func missingFile() {
        let url = GoldenFiles.folder.appendingPathComponent("none.json")
        let error = #expect(throws: JSONError.self) { try Tokenizer(contentsOf: url) }
        #expect(error?.description == "\(url.path): cannot be read: No such file or directory")
    }
}
