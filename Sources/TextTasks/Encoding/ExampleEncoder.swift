import Tokenization

/// Turns examples into tokens.
///
/// Special tokens that the tokenizer puts before a text (BOS) stay at the front. Those it puts
/// behind one (EOS) are left out, as the answer follows there. A prompt with more tokens than
/// `maximumLength` loses the start or the end of its text, as ``Example/Truncation`` says; the
/// tokens before the text are always kept, and so is the frame of a prompt that has one.
public struct ExampleEncoder: Sendable {
    private let encode: @Sendable (String) throws -> [Int]
    private let leading: [Int]
    private let maximumLength: Int

    /// An encoder for prompts of at most `maximumLength` tokens, special ones counted.
    ///
    /// Throws ``TextTaskError/maximumLength(_:minimum:)`` if that leaves no room for a text.
    public init(_ tokenizer: Tokenizer, maximumLength: Int) throws {
        try self.init(maximumLength: maximumLength) { text, addSpecialTokens in
            try tokenizer.encode(text, addSpecialTokens: addSpecialTokens)
        }
    }

    init(
        maximumLength: Int,
        encode: @escaping @Sendable (_ text: String, _ addSpecialTokens: Bool) throws -> [Int]
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
    }

    /// Encodes examples, in order.
    ///
    /// Where the tokens of one answer begin those of another, a line's end closes every answer of
    /// the example: else the longer one could never be the more probable.
    ///
    /// Throws ``TextTaskError/encoding(source:id:reason:)`` where a prompt is without tokens, a
    /// token lies over the border of prompt and answer, two answers have the same tokens, or the
    /// label is no answer's index; and what the tokenizer throws.
    public func encode(
        _ examples: [Example]
    ) throws -> (examples: [EncodedExample], report: EncodingReport) {
        var splitter = AnswerTokens(encode: encode)
        var result: [EncodedExample] = []
        result.reserveCapacity(examples.count)
        var report = EncodingReport(examples: examples.count, truncated: 0, longest: 0)
        for example in examples {
            if let label = example.label, !example.answers.indices.contains(label) {
                throw Self.failure(
                    example,
                    "label \(label) is none of \(example.answers.count) answers"
                )
            }
            func encoded(_ wording: Example.Wording) throws -> EncodedExample {
                let split = try Self.split(wording, of: example, &splitter)
                try check(split.prompt + split.answers.joined(), of: example)
                guard !split.prompt.isEmpty else {
                    throw Self.failure(example, "the prompt has no tokens")
                }
                let prompt = (example.frame == nil ? leading : []) + split.prompt
                let isTruncated = prompt.count > maximumLength
                let tokens = isTruncated ? try truncated(prompt, of: example) : prompt
                report.longest = max(report.longest, prompt.count)
                return EncodedExample(
                    id: example.id,
                    tokens: tokens,
                    answers: split.answers,
                    label: example.label,
                    targets: example.targets,
                    isOrdered: example.isOrdered,
                    state: example.state,
                    isTruncated: isTruncated
                )
            }
            let wording = Example.Wording(prompt: example.prompt, answers: example.answers)
            var first = try encoded(wording)
            let others = try example.otherOrders.map(encoded)
            first.otherOrders = others.map { .init(tokens: $0.tokens, answers: $0.answers) }
            report.truncated += first.isTruncated ? 1 : 0
            result.append(first)
        }
        return (result, report)
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
            throw Self.failure(
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

    /// Tokens of prompt and answers, of which none begins with another.
    private static func split(
        _ wording: Example.Wording,
        of example: Example,
        _ splitter: inout AnswerTokens
    ) throws -> (prompt: [Int], answers: [[Int]]) {
        func split(_ answers: [String]) throws -> (prompt: [Int], answers: [[Int]]) {
            guard let split = try splitter.split(prompt: wording.prompt, answers: answers) else {
                throw failure(example, "a token lies over the border of prompt and answer")
            }
            return split
        }
        let open = try split(wording.answers)
        guard beginning(among: open.answers) != nil else { return open }
        let closed = try split(wording.answers.map { $0 + "\n" })
        if let (first, second) = beginning(among: closed.answers) {
            let texts = [first, second].map { quoted(wording.answers[$0]) }
            throw failure(
                example,
                "the choices \(texts[0]) and \(texts[1]) have the same tokens, so they cannot be "
                    + "told apart"
            )
        }
        return closed
    }

    /// Two answers of which the second begins with all tokens of the first; nil if there are none.
    private static func beginning(among answers: [[Int]]) -> (Int, Int)? {
        let order = answers.indices.sorted { answers[$0].lexicographicallyPrecedes(answers[$1]) }
        // In lexicographic order nothing lies between a beginning and what begins with it.
        return zip(order, order.dropFirst()).first { answers[$1].starts(with: answers[$0]) }
    }

    private func check(_ tokens: [Int], of example: Example) throws {
        if let token = tokens.first(where: { $0 < 0 || $0 > Int32.max }) {
            throw Self.failure(example, "token \(token) is not within 0...\(Int32.max)")
        }
    }

    private static func failure(_ example: Example, _ reason: String) -> TextTaskError {
        .encoding(source: example.source, id: example.id, reason: reason)
    }
}
