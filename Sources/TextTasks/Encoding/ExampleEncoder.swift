import Tokenization

/// Turns examples into tokens.
///
/// Special tokens that the tokenizer puts before a text (BOS) stay at the front. Those it puts
/// behind one (EOS) are left out, as the answer follows there. A prompt with more tokens than
/// `maximumLength` loses the start or the end of its text, as ``Example/Truncation`` says; the
/// tokens before the text are always kept, and so is the frame of a prompt that has one.
public struct ExampleEncoder: Sendable {
    private let encode: @Sendable (String) throws -> [Int]
    private let decode: @Sendable (Int) throws -> String
    private let leading: [Int]
    private let maximumLength: Int

    /// An encoder for prompts of at most `maximumLength` tokens, special ones counted.
    ///
    /// Throws ``TextTaskError/maximumLength(_:minimum:)`` if that leaves no room for a text.
    public init(_ tokenizer: Tokenizer, maximumLength: Int) throws {
        try self.init(maximumLength: maximumLength) { text, addSpecialTokens in
            try tokenizer.encode(text, addSpecialTokens: addSpecialTokens)
        } decode: {
            try tokenizer.decode([$0], skipSpecialTokens: false)
        }
    }

    init(
        maximumLength: Int,
        encode: @escaping @Sendable (_ text: String, _ addSpecialTokens: Bool) throws -> [Int],
        decode: @escaping @Sendable (_ token: Int) throws -> String = { _ in "" }
    ) throws {
        let plain = try encode("a", false)
        let framed = try encode("a", true)
        let start = (0...max(0, framed.count - plain.count)).first {
            framed[$0...].starts(with: plain)
        }
        guard let start, !plain.isEmpty else { throw TextTaskError.unclearTemplate }
        // Batches hold positions and tokens as Int32.
        guard maximumLength > start, maximumLength <= Int32.max else {
            throw TextTaskError.maximumLength(maximumLength, minimum: start + 1)
        }
        leading = Array(framed[..<start])
        self.maximumLength = maximumLength
        self.encode = { try encode($0, false) }
        self.decode = decode
    }

    /// Encodes examples, in order.
    ///
    /// Throws ``TextTaskError/encoding(source:id:reason:)`` where a prompt is without tokens, a
    /// token lies over the border of prompt and answer, an answer has not the one token its task
    /// asks for, two answers have the same first token, or the label is no answer's index; and what
    /// the tokenizer throws.
    public func encode(
        _ examples: [Example]
    ) throws -> (examples: [EncodedExample], report: EncodingReport) {
        var splitter = AnswerTokens(encode: encode)
        var encoded: [EncodedExample] = []
        encoded.reserveCapacity(examples.count)
        var report = EncodingReport(examples: examples.count, truncated: 0, longest: 0)
        for example in examples {
            if let label = example.label, !example.answers.indices.contains(label) {
                throw failure(example, "label \(label) is none of \(example.answers.count) answers")
            }
            guard
                let split = try splitter.split(prompt: example.prompt, answers: example.answers)
            else {
                throw failure(example, "a token lies over the border of prompt and answer")
            }
            let answerTokens = try firstTokens(split.answers, of: example)
            try check(split.prompt + answerTokens, of: example)
            let prompt = (example.frame == nil ? leading : []) + split.prompt
            guard !split.prompt.isEmpty else {
                throw failure(example, "the prompt has no tokens")
            }
            let isTruncated = prompt.count > maximumLength
            let tokens = isTruncated ? try truncated(prompt, of: example) : prompt
            report.truncated += isTruncated ? 1 : 0
            report.longest = max(report.longest, prompt.count)
            encoded.append(
                EncodedExample(
                    id: example.id,
                    tokens: tokens,
                    answerTokens: answerTokens,
                    label: example.label,
                    isTruncated: isTruncated
                )
            )
        }
        return (encoded, report)
    }

    /// The prompt without the tokens that are too many; its frame is kept.
    private func truncated(_ prompt: [Int], of example: Example) throws -> [Int] {
        var (front, back) = (leading.count, 0)
        if let frame = example.frame {
            front = zip(try encode(frame.before), prompt).prefix { $0 == $1 }.count
            back = try Self.length(of: encode(frame.after), behind: prompt[front...])
        }
        let room = maximumLength - front - back
        guard room > 0 else {
            throw failure(
                example,
                "what stands around the text takes \(front + back) of \(maximumLength) tokens"
            )
        }
        let text = prompt[front..<prompt.count - back]
        let kept = example.truncation == .keepsEnd ? text.suffix(room) : text.prefix(room)
        return Array(prompt[..<front] + kept + prompt[(prompt.count - back)...])
    }

    /// How many tokens of the end of `prompt` are the end of a frame.
    ///
    /// White space at the frame's end may have moved to the answers.
    private static func length(of after: [Int], behind prompt: ArraySlice<Int>) -> Int {
        (0..<max(1, after.count)).map { moved in
            zip(after.dropLast(moved).reversed(), prompt.reversed()).prefix { $0 == $1 }.count
        }
        .max() ?? 0
    }

    private func firstTokens(_ answers: [[Int]], of example: Example) throws -> [Int] {
        var owners: [Int: Int] = [:]
        return try answers.enumerated().map { index, tokens in
            let answer = example.answers[index]
            // The splitter gives every answer at least one token.
            let token = tokens[0]
            if example.answerForm == .oneToken, tokens.count > 1 {
                throw failure(
                    example,
                    "the answer \(quoted(answer)) should be one token and is \(tokens)"
                )
            }
            if let owner = owners.updateValue(index, forKey: token) {
                let text = quoted(try decode(token))
                throw failure(
                    example,
                    "the choices \(quoted(example.answers[owner])) and \(quoted(answer)) "
                        + "both begin with token \(token) (\(text)), so they "
                        + "cannot be told apart: letters can, in lines of "
                        + "{\"question\", \"choices\", \"answer\"}"
                )
            }
            return token
        }
    }

    private func check(_ tokens: [Int], of example: Example) throws {
        if let token = tokens.first(where: { $0 < 0 || $0 > Int32.max }) {
            throw failure(example, "token \(token) is not within 0...\(Int32.max)")
        }
    }

    private func failure(_ example: Example, _ reason: String) -> TextTaskError {
        .encoding(source: example.source, id: example.id, reason: reason)
    }
}
