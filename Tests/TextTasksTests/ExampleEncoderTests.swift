import Foundation
import Testing
import Tokenization

@testable import TextTasks

/// A tokenizer of words, each with the space before it; other white space stands alone.
///
/// BOS is 1 and EOS 2, put around a text on demand; a word's token is a hash of it.
private func words(bos: Bool = false, eos: Bool = false) -> @Sendable (String, Bool) -> [Int] {
    { text, addSpecialTokens in
        var pieces: [String] = []
        for character in text {
            let joins = pieces.last.map { last in
                !character.isWhitespace && (last == " " || last.last?.isWhitespace == false)
            }
            if joins == true {
                pieces[pieces.count - 1].append(character)
            } else {
                pieces.append(String(character))
            }
        }
        let tokens = pieces.map { $0.utf8.reduce(7) { ($0 * 31 + Int($1)) % 1_000_003 } + 10 }
        return (addSpecialTokens && bos ? [1] : []) + tokens + (addSpecialTokens && eos ? [2] : [])
    }
}

@Suite("Encoding")
struct ExampleEncoderTests {
    private func plain(_ prompt: String, _ answers: [String]) -> Example {
        Example(id: "e", prompt: prompt, answers: answers, label: 0)
    }

    private func encoder(_ maximumLength: Int = 100) throws -> ExampleEncoder {
        try ExampleEncoder(maximumLength: maximumLength, encode: words())
    }

    @Test(
        "Tokens and answer tokens match Hugging Face tokenizers",
        arguments: ["byte-level", "sentence-piece"]
    )
    func reference(_ name: String) throws {
        let tokenizer = try Tokenizer(
            contentsOf: Golden.folder.appendingPathComponent("\(name).json")
        )
        let golden = try Golden.load(Golden.Tokens.self, "tokens.json")
        let sets = try #require(golden.tokenizers[name])
        let rows = try Golden.load([String: Golden.File].self, "examples.json")
            .values.flatMap(\.examples)
        let encoder = try ExampleEncoder(tokenizer, maximumLength: 4096)
        for (set, rows) in [(sets.examples, rows), (sets.plain, golden.plain)] {
            for expected in set {
                let found = try rows.filter { $0.id == expected.id }.map { row in
                    try encoder.encode([
                        Example(
                            id: row.id,
                            prompt: row.prompt,
                            answers: row.answers,
                            label: row.label
                        )
                    ]).examples[0]
                }
                // Several files may have lines with the same default id.
                #expect(
                    found.contains {
                        $0.tokens == expected.tokens && $0.answers == expected.answers
                    },
                    "\(expected.id)"
                )
            }
        }
    }

    @Test("Special tokens before the text stay, those behind it go")
    func template() throws {
        for (bos, eos) in [(false, false), (true, false), (true, true), (false, true)] {
            let encode = words(bos: bos, eos: eos)
            let encoder = try ExampleEncoder(maximumLength: 50, encode: encode)
            let encoded = try encoder.encode([plain("a b c", [" x", " y"])]).examples[0]
            #expect(encoded.tokens == (bos ? [1] : []) + encode("a b c", false))
            #expect(encoded.answers == [encode(" x", false), encode(" y", false)])
        }
    }

    @Test("A prompt that is too long keeps BOS and its end, or its start, and is counted")
    func truncation() throws {
        let encode = words(bos: true)
        let encoder = try ExampleEncoder(maximumLength: 3, encode: encode)
        var example = plain("a b c d", [" x", " y"])
        let (encoded, report) = try encoder.encode([example, plain("a b", [" x", " y"])])
        #expect(encoded.map(\.isTruncated) == [true, false])
        #expect(encoded[0].tokens == [1] + encode(" c d", false))
        #expect(report == EncodingReport(examples: 2, truncated: 1, longest: 5))
        example.truncation = .keepsStart
        #expect(try encoder.encode([example]).examples[0].tokens == [1] + encode("a b", false))
    }

    @Test("BoolQ keeps its question when the passage is too long")
    func boolQTruncation() throws {
        let file = Golden.folder.appendingPathComponent("official/boolq/dev.jsonl")
        let examples = try TextTask.load(file: file, task: Golden.taskName(of: "boolq/dev"))
        let encoded = try encoder(12).encode(examples.examples).examples
        let start = words()("Answer the question with only True or False:", false)
        #expect(encoded.allSatisfy { $0.isTruncated && $0.tokens.starts(with: start) })
    }

    @Test("White space at the end of a prompt moves to the answer where a token would join them")
    func trailingSpace() throws {
        let encoded = try encoder().encode([
            plain("Sky: ", ["blue", "green"]), plain("Sky:\n", ["blue", "green"]),
        ]).examples
        let encode = words()
        #expect(encoded[0].tokens == encode("Sky:", false))
        #expect(encoded[0].answers == [encode(" blue", false), encode(" green", false)])
        #expect(encoded[1].tokens == encode("Sky:\n", false))
        #expect(encoded[1].answers == [encode("blue", false), encode("green", false)])
    }

    @Test("Looking answers up gives what encoding each prompt with each answer gives")
    func lookUp() throws {
        for name in ["byte-level", "sentence-piece"] {
            let tokenizer = try Tokenizer(
                contentsOf: Golden.folder.appendingPathComponent("\(name).json")
            )
            let encode = { try tokenizer.encode($0, addSpecialTokens: false) }
            var splitter = AnswerTokens(encode: encode)
            let starts = ["", "x ", "it ", "1 ", "\n", "a  ", "\u{2581} "]
            let lastWords = [
                "it's", "'s", "(1984)", "\u{E9}t\u{E9}", "A", "\u{2581}", "</s>", "!\u{1F600}",
            ]
            for prompt in starts.flatMap({ start in lastWords.map { start + $0 } }) {
                let answers = [" A", " 7", " 's", "  B", " \u{E9}", " \u{301}", " </s>"]
                let found = try splitter.split(prompt: prompt, answers: answers)
                let split = try #require(found)
                for (answer, tokens) in zip(answers, split.answers) {
                    let whole = try encode(prompt + answer)
                    #expect(split.prompt + tokens == whole, "\(prompt)|\(answer)")
                }
            }
        }
    }

    @Test("A token over the border is found also behind a literal space mark")
    func literalSpaceMark() throws {
        // "\u{2581}" is a token and so is three of them, as in vocabularies with runs of spaces.
        let encode = { (text: String) -> [Int] in
            text.replacingOccurrences(of: " ", with: "\u{2581}")
                .replacingOccurrences(of: "\u{2581}\u{2581}\u{2581}", with: "\u{1}")
                .unicodeScalars.map { Int($0.value) }
        }
        var splitter = AnswerTokens(encode: encode)
        #expect(try splitter.split(prompt: "x \u{2581}", answers: [" A"]) == nil)
        #expect(try splitter.split(prompt: "x", answers: [" A"])?.answers == [[0x2581, 65]])
    }

    @Test("A line's end closes the answers where one begins with another, and only there")
    func closed() throws {
        let encode = words()
        func answers(_ texts: [String]) throws -> [[Int]] {
            try encoder().encode([plain("Big apple?", texts)]).examples[0].answers
        }
        let alike = [" New York", " New Orleans"]
        #expect(try answers(alike) == alike.map { encode($0, false) })
        let nested = [" New York", " New", " New York City"]
        #expect(try answers(nested) == nested.map { encode($0 + "\n", false) })
    }

    @Test("What an example is about, and what is known of its answers, stays with it")
    func kept() throws {
        var example = Example(
            id: "e",
            prompt: "p",
            answers: [" x", " y z"],
            label: nil,
            targets: [0.25, 0.75]
        )
        (example.isOrdered, example.state) = (true, "row 1")
        let other = plain("q", [" x", " y"])
        let encoded = try encoder().encode([example, example, other, other]).examples
        #expect(encoded[0].label == 1 && encoded[0].targets == [0.25, 0.75])
        #expect(encoded[0].isOrdered && encoded[0].state == "row 1")
        #expect(encoded.units == [0..<2, 2..<3, 3..<4])
        #expect(encoded.map(\.length) == [2, 2, 1, 1])
    }

    @Test("Answers that cannot be told apart throw and name them")
    func answerFaults() throws {
        let encoder = try encoder()
        let same = Example(
            id: "q",
            source: "f.jsonl:3",
            prompt: "p",
            answers: [" A", " B C", " B C"],
            label: 0
        )
        #expect(
            sentence { _ = try encoder.encode([same]) }
                == "f.jsonl:3 (q): the choices \" B C\" and \" B C\" have the same tokens, so "
                + "they cannot be told apart"
        )
        #expect(
            sentence { _ = try encoder.encode([plain("ab", ["c", "d"])]) }
                == "e: a token lies over the border of prompt and answer"
        )
        #expect(
            sentence { _ = try encoder.encode([plain(" ", ["c", "d"])]) }
                == "e: the prompt has no tokens"
        )
        let stray = Example(id: "e", prompt: "p", answers: [" A", " B"], label: 2)
        #expect(sentence { _ = try encoder.encode([stray]) } == "e: label 2 is none of 2 answers")
    }

    @Test("A maximum length without room, and hostile tokenizers, throw")
    func limits() throws {
        for length in [-1, 0, 1, Int.max] {
            #expect(throws: TextTaskError.maximumLength(length, minimum: 2)) {
                try ExampleEncoder(maximumLength: length, encode: words(bos: true))
            }
        }
        #expect(throws: TextTaskError.unclearTemplate) {
            try ExampleEncoder(maximumLength: 9) { _, _ in [] }
        }
        #expect(throws: TextTaskError.unclearTemplate) {
            try ExampleEncoder(maximumLength: 9) { _, special in special ? [5, 6, 7] : [8] }
        }
        let huge = try ExampleEncoder(maximumLength: 9) { text, _ in
            text.utf8.map { Int($0) << 32 }
        }
        #expect(throws: TextTaskError.self) { try huge.encode([plain("a", [" b", " c"])]) }
    }

    @Test("A frame is kept whole and brings its special tokens")
    func frame() throws {
        func ids(_ text: String) -> [Int] { words()(text, false) }
        for (truncation, kept) in [
            (Example.Truncation.keepsEnd, " d e"), (.keepsStart, " b c"),
        ] {
            var example = plain("<s> user: b c d e </s> model:", [" yes", " no"])
            example.truncation = truncation
            example.frame = .init(before: "<s> user:", after: " </s> model:")
            let encode = words(bos: true)
            let whole = try ExampleEncoder(maximumLength: 8, encode: encode).encode([example])
            #expect(whole.examples[0].tokens == ids(example.prompt))
            #expect(whole.report.longest == 8)
            let cut = try ExampleEncoder(maximumLength: 6, encode: encode).encode([example])
            #expect(cut.examples[0].tokens == ids("<s> user:" + kept + " </s> model:"))
            #expect(cut.examples[0].isTruncated)
            let error = #expect(throws: TextTaskError.self) {
                try ExampleEncoder(maximumLength: 4, encode: encode).encode([example])
            }
            let reason = "what stands around the text takes 4 of 4 tokens"
            #expect("\(error.map { "\($0)" } ?? "")".contains(reason))
        }
    }

    @Test("Spellings that are canonically equivalent have tokens of their own, in any order")
    func equivalentSpellings() throws {
        let spellings = ["caf\u{E9}", "cafe\u{301}"]
        func tokens(_ choices: [String]) throws -> [[Int]] {
            let encoder = try ExampleEncoder(maximumLength: 100, encode: words())
            let examples = choices.map {
                Example(id: "\($0.utf8.count)", prompt: "Where?", choices: [$0, "the bar"])
            }
            return try encoder.encode(examples).examples.map { $0.answers[0] }
        }
        let alone = try spellings.map { try tokens([$0])[0] }
        #expect(alone[0] != alone[1])
        #expect(try tokens(spellings) == alone)
        #expect(try tokens(spellings.reversed()) == alone.reversed())
    }
}
