/// An example as tokens: a prompt, and the token that stands for each answer.
public struct EncodedExample: Equatable, Sendable {
    /// The example's name.
    public var id: String
    /// The prompt; the answer is what the model expects after the last of these.
    public var tokens: [Int]
    /// One token for each answer, all different.
    public var answerTokens: [Int]
    /// Index of the right answer; nil where it is not known.
    public var label: Int?
    /// Whether the prompt was too long and lost tokens.
    public var isTruncated: Bool

    /// An encoded example from its parts.
    public init(
        id: String,
        tokens: [Int],
        answerTokens: [Int],
        label: Int?,
        isTruncated: Bool = false
    ) {
        self.id = id
        self.tokens = tokens
        self.answerTokens = answerTokens
        self.label = label
        self.isTruncated = isTruncated
    }
}

/// Numbers about encoded examples.
public struct EncodingReport: Codable, Equatable, Sendable {
    /// Number of examples.
    public var examples: Int
    /// Number of examples whose prompt was too long and lost tokens.
    public var truncated: Int
    /// Tokens of the longest prompt, before truncation.
    public var longest: Int
}
