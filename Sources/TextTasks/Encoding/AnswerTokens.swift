/// Splits prompt + answer into the prompt's tokens and the answer's.
///
/// An answer's tokens are those of prompt + answer without those of the prompt at the front. Only
/// this is right for every tokenizer: the token of "A" alone is that of a word without the space
/// before it in byte-level vocabularies, and " A" alone is two tokens in Llama 2's.
///
/// Encoding a prompt once for each answer is slow, so the answer's tokens are looked up by the
/// prompt's last word and the answer where the cut is *clean*: the prompt ends in a character
/// other than white space and the answer begins with a space. Then no token lies over the cut, and
/// what stands before the last word does not matter:
///
/// - Byte-level BPE merges inside the pieces of a regular expression (GPT-2, Llama 3, Qwen 2). In
///   each of its alternatives a space can only be the first character of a piece or part of a
///   piece of white space, so a piece ends at the cut. Pieces before it are the same without the
///   answer, since the only look-ahead, `\s+(?!\S)`, does not reach past a character that is
///   no white space.
/// - SentencePiece BPE (Llama 2, Gemma) has no piece with "▁" behind another character, as it
///   is trained on words split at white space. A pair is merged only to a piece there is, so no
///   merge joins the "▁" of the answer to the prompt's end, whatever the order of merges.
///
/// The last word is in the key for added tokens, which may take the white space behind them.
struct AnswerTokens {
    /// By bytes: spellings that are canonically equivalent, and equal as texts, have other tokens.
    private struct Key: Hashable {
        var lastWord: [UInt8]
        var answer: [UInt8]
    }

    /// The tokenizer, without special tokens.
    private let encode: (String) throws -> [Int]
    private var known: [Key: [Int]] = [:]

    init(encode: @escaping (String) throws -> [Int]) {
        self.encode = encode
    }

    /// Tokens of the prompt and of each answer; nil where tokens lie over the cut.
    mutating func split(
        prompt: String,
        answers: [String]
    ) throws -> (prompt: [Int], answers: [[Int]])? {
        if let split = try splitAsGiven(prompt: prompt, answers: answers) { return split }
        // As lm-evaluation-harness does: white space before the cut belongs to the answer.
        let space = String(trailing: { $0.properties.isWhitespace }, of: prompt)
        guard !space.isEmpty else { return nil }
        return try splitAsGiven(
            prompt: String(prompt.unicodeScalars.dropLast(space.unicodeScalars.count)),
            answers: answers.map { space + $0 }
        )
    }

    private mutating func splitAsGiven(
        prompt: String,
        answers: [String]
    ) throws -> (prompt: [Int], answers: [[Int]])? {
        let promptTokens = try encode(prompt)
        var answerTokens: [[Int]] = []
        for answer in answers {
            let tokens =
                cutIsClean(prompt, answer)
                ? try lookUp(prompt: prompt, promptTokens: promptTokens, answer: answer)
                : Self.rest(of: try encode(prompt + answer), behind: promptTokens)
            guard let tokens else { return nil }
            answerTokens.append(tokens)
        }
        return (promptTokens, answerTokens)
    }

    private mutating func lookUp(
        prompt: String,
        promptTokens: [Int],
        answer: String
    ) throws -> [Int]? {
        let lastWord = String(trailing: { !$0.properties.isWhitespace }, of: prompt)
        let key = Key(lastWord: Array(lastWord.utf8), answer: Array(answer.utf8))
        if let tokens = known[key] { return tokens }
        let tokens =
            try Self.rest(of: encode(lastWord + answer), behind: encode(lastWord))
            ?? Self.rest(of: encode(prompt + answer), behind: promptTokens)
        known[key] = tokens
        return tokens
    }

    private func cutIsClean(_ prompt: String, _ answer: String) -> Bool {
        guard answer.unicodeScalars.first == " ", let last = prompt.unicodeScalars.last else {
            return false
        }
        // SentencePiece writes a space as "▁", so one that is in the text is no clean end.
        return !last.properties.isWhitespace && last != "\u{2581}"
    }

    private static func rest(of tokens: [Int], behind prompt: [Int]) -> [Int]? {
        guard tokens.count > prompt.count, tokens.starts(with: prompt) else { return nil }
        return Array(tokens.dropFirst(prompt.count))
    }
}

extension String {
    /// The longest end of `text` whose scalars all satisfy `predicate`.
    fileprivate init(trailing predicate: (Unicode.Scalar) -> Bool, of text: String) {
        let scalars = text.unicodeScalars
        let start = scalars.lastIndex { !predicate($0) }.map { scalars.index(after: $0) }
        self = String(scalars[(start ?? scalars.startIndex)...])
    }
}
