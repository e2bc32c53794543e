import Foundation
import JSON
import Testing

@testable import Tokenization

@Suite("Patterns mean what they mean in the Hugging Face library")
struct PatternTests {
    struct Golden: Decodable {
        struct Case: Decodable {
            let pattern: String
            /// The parts that each text is cut into; nil where the library refuses the pattern.
            let parts: [[String]]?
        }

        let listed: Int
        let texts: [String]
        let patterns: [Case]
    }

    private func load(_ pattern: String) throws -> TextPattern {
        let node = String(decoding: try JSONEncoder().encode(["Regex": pattern]), as: UTF8.self)
        return try TextPattern(JSONNode(parsing: node.utf8, file: "t.json"))
    }

    private func cut(_ text: String, _ pattern: TextPattern) throws -> [[UInt8]] {
        let bytes = Array(text.utf8)
        var allowance = Allowance(bytes.count, file: "t.json")
        let matches = try pattern.matches(bytes, 0..<bytes.count, &allowance)
        return SplitBehavior.isolated.parts(matches, in: 0..<bytes.count, inverted: false)
            .map { Array(bytes[$0]) }
    }

    @Test("A pattern cuts as the library does, or is refused by name")
    func golden() throws {
        let golden = try GoldenFiles.decode(Golden.self, "patterns.json")
        var refused: [String] = []
        for (index, expected) in golden.patterns.enumerated() {
            guard let parts = expected.parts else { continue }
            do {
                let pattern = try load(expected.pattern)
                for (text, parts) in zip(golden.texts, parts) {
                    let found = try cut(text, pattern)
                    let comment: Comment = "\(expected.pattern) \(text.quoted)"
                    #expect(found == parts.map { Array($0.utf8) }, comment)
                }
            } catch let error as JSONError {
                #expect(error.description.hasPrefix("t.json: Regex: "))
                #expect(error.description.contains("is not supported; supported: characters"))
                if index < golden.listed { refused.append(expected.pattern) }
            }
        }
        #expect(
            refused == [
                "(?<n>a)+", "(?i:ss)", "(?i:(?:s)t)", "(?i:é)", "\\R", "\\X", "\\K", "\\Ga",
                "(a)\\1", "(?x: a )", "(?~a)", "(?<=a+)b", "(?:a*)*", "a{2,1}",
            ]
        )
    }

    @Test(
        "What is no pattern is refused",
        arguments: [
            "(a", "a)", "*a", "a|*b", "{2}", "^*", "[a", "[^]", "[a-\\d]", "[b-a]", "\\", "\\u12",
            "\\xe9", "(?s:.)", "a{100001}", "\\p{foo}", "\\p{Lu", "(?<!a|b*)c", "\\1",
        ]
    )
    func malformed(_ pattern: String) {
        #expect(throws: JSONError.self) { try load(pattern) }
    }

    @Test(
        "A pattern that asks for any memory or stack is refused",
        arguments: [
            String(repeating: "(", count: 1000), String(repeating: "a?", count: 4000),
            "((((a{99}){99}){99}){99})", "((){99999}){99999}",
            "a" + String(repeating: "?", count: 1000),
            "[" + String(repeating: "[", count: 1000), "(?<=((a{99999}){99999}){99999})b",
        ]
    )
    func huge(_ pattern: String) {
        #expect(throws: JSONError.self) { try load(pattern) }
    }

    private static let many = String(repeating: "a", count: 40) + "!"

    @Test(
        "A match that takes too long ends",
        arguments: [
            ("(a+)+$", many), ("(a|a)*$", many), ("(a|aa)+$", many), ("(?=(a+)+$)a", many),
            ("(?:(?:(?:a+b?)+c?)+d?)+$", many), ("(a+a+)+$", many), ("(?:a|aa){20,}!!", many),
            (".*.*.*.*=", String(repeating: "x", count: 3000)),
            ("\\s+$", String(repeating: " ", count: 20_000) + "x"),
            ("(?:(?:a+)+)++b", String(repeating: "a", count: 5000)),
        ]
    )
    func backtracking(_ pattern: String, _ text: String) throws {
        let bytes = Array(text.utf8)
        var matcher = PatternMatcher(
            try PatternProgram(pattern),
            bytes,
            0..<bytes.count,
            steps: 300_000
        )
        #expect(throws: PatternMatcher.Exhausted.self) { try matcher.matches() }
    }

    @Test("The usual patterns take few steps for each character")
    func usualCost() throws {
        let words =
            #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"#
            + #"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s+(?!\S)|\s+"#
        let text = String(repeating: "The quick BROWN fox, it's 12345 times — 中文 \n  ", count: 200)
        let bytes = Array(text.utf8)
        let budget = Allowance(bytes.count, file: "").steps
        var matcher = PatternMatcher(
            try PatternProgram(words),
            bytes,
            0..<bytes.count,
            steps: budget
        )
        _ = try matcher.matches()
        #expect(budget - matcher.steps < 10 * bytes.count)
    }
}
