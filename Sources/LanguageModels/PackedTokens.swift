import Torch

/// The tokens of several sequences without padding: a prefix that all share, once, and then each
/// sequence's own tokens one behind another.
public struct PackedTokens: Sendable {
    /// Token ids: the prefix, then the sequences.
    public let tokens: [Int]
    /// Number of tokens all sequences start with; may be 0.
    public let prefixLength: Int
    /// Number of own tokens of each sequence, at least 1.
    public let lengths: [Int]

    /// A packed batch; traps when the lengths do not add up.
    public init(tokens: [Int], prefixLength: Int, lengths: [Int]) {
        precondition(
            prefixLength + lengths.reduce(0, +) == tokens.count && lengths.allSatisfy { $0 > 0 },
            "prefix \(prefixLength) and lengths \(lengths) do not fill \(tokens.count) tokens"
        )
        self.tokens = tokens
        self.prefixLength = prefixLength
        self.lengths = lengths
    }

    /// Each token's place in its sequence, from 0.
    var positions: [Int] {
        Array(0..<prefixLength) + lengths.flatMap { prefixLength..<prefixLength + $0 }
    }

    /// The index in `tokens` of each sequence's last token.
    var lastIndices: [Int] {
        var end = prefixLength
        return lengths.map { length in
            end += length
            return end - 1
        }
    }

    /// Spans with a query for every token.
    var allSpans: AttentionSpans {
        AttentionSpans(
            prefixQueries: prefixLength,
            prefixKeys: prefixLength,
            queryLengths: lengths,
            keyLengths: lengths
        )
    }

    /// Spans with a query for the last token of each sequence only.
    var lastSpans: AttentionSpans {
        AttentionSpans(
            prefixQueries: 0,
            prefixKeys: prefixLength,
            queryLengths: lengths.map { _ in 1 },
            keyLengths: lengths
        )
    }
}
