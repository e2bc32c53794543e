/// A batch without padding: a shared prefix once, then each sequence's own tokens, end to end.
///
/// Sequence i is the first `prefixLength` tokens followed by its `lengths[i]` own tokens.
public struct PackedBatch: Equatable, Sendable {
    /// Shared prefix, then own tokens: [prefixLength + sum of lengths].
    public let tokens: [Int32]
    /// Number of tokens all sequences begin with; every sequence has at least one token of its own.
    public let prefixLength: Int
    /// Number of own tokens of each sequence: [sequences].
    public let lengths: [Int]
    /// Place of each token in its sequence, as in `tokens`.
    public let positions: [Int32]
    /// Index in `tokens` of each sequence's last token: [sequences].
    public let lastIndices: [Int32]
    /// The tokens that stand for each sequence's answers: [sequences][answers].
    public let answerTokens: [[Int]]
    /// Index of each sequence's right answer, where known: [sequences].
    public let labels: [Int?]
    /// The examples' names: [sequences].
    public let ids: [String]

    /// Packs encoded examples, in order.
    ///
    /// There must be at least one, each with at least one token, and all tokens together must be
    /// fewer than 2^31. With `sharesPrefix` off, every sequence has all its tokens to itself, which
    /// is what gradients of each sequence need.
    public init(_ examples: [EncodedExample], sharesPrefix: Bool = true) {
        precondition(
            !examples.isEmpty && examples.allSatisfy { !$0.tokens.isEmpty },
            "a batch needs at least one example, each with at least one token"
        )
        let prefix = sharesPrefix ? Self.commonPrefix(of: examples.map(\.tokens)) : []
        var tokens = prefix.map { Int32($0) }
        var positions = (0..<prefix.count).map { Int32($0) }
        var lastIndices: [Int32] = []
        for example in examples {
            tokens += example.tokens.dropFirst(prefix.count).map { Int32($0) }
            positions += (prefix.count..<example.tokens.count).map { Int32($0) }
            lastIndices.append(Int32(tokens.count - 1))
        }
        self.tokens = tokens
        self.positions = positions
        self.lastIndices = lastIndices
        prefixLength = prefix.count
        lengths = examples.map { $0.tokens.count - prefix.count }
        answerTokens = examples.map(\.answerTokens)
        labels = examples.map(\.label)
        ids = examples.map(\.id)
    }

    /// The longest common prefix that leaves the shortest sequence a token.
    private static func commonPrefix(of sequences: [[Int]]) -> ArraySlice<Int> {
        guard let shortest = sequences.min(by: { $0.count < $1.count }) else { return [] }
        var length = shortest.count - 1
        for sequence in sequences {
            length = (0..<length).first { sequence[$0] != shortest[$0] } ?? length
        }
        return shortest[..<length]
    }
}
