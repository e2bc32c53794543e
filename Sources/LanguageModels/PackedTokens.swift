import Torch

/// The rows of a batch whose result is wanted.
public enum OutputRows: Equatable, Sendable {
    /// Every token: rows as in ``PackedTokens/tokens``.
    case all
    /// So many of the last tokens of each sequence, at least one: the rows of the first sequence,
    /// then those of the next.
    case last([Int])
}

/// The tokens of several sequences without padding.
///
/// They are a prefix that all share, once, and then each sequence's own tokens one behind another.
/// A sequence may branch, as a ``TokenTree`` does.
public struct PackedTokens: Equatable, Sendable {
    /// Token ids: the prefix, unless it is held, then each sequence's own.
    public let tokens: [Int]
    /// Number of tokens all sequences start with; may be 0.
    public let prefixLength: Int
    /// Number of own tokens of each sequence that are here, at least 1.
    public let lengths: [Int]
    /// Number of last tokens of each sequence whose result is wanted.
    public let outputs: [Int]
    /// Number of own tokens of each sequence that come before those here, where their keys and
    /// values, and the prefix's, are held from earlier passes; nil where nothing is.
    let held: [Int]?
    /// For each own token the place behind the last that follows it, counted from its sequence's
    /// first own one; nil where no sequence branches.
    let ends: [Int]?

    /// Packs at least one sequence of at least one token, of which the last is wanted.
    ///
    /// With `sharesPrefix` the prefix is the longest that all sequences begin with and that leaves
    /// each a token. Without it every row belongs to one sequence, as gradients of each need it.
    public init(_ sequences: [[Int]], sharesPrefix: Bool = true) {
        self.init(
            sequences.map { TokenTree([$0]) },
            outputs: sequences.map { _ in 1 },
            sharesPrefix: sharesPrefix
        )
    }

    /// Packs at least one sequence that may branch, of each of which so many last tokens are
    /// wanted; these are in no shared prefix.
    public init(_ trees: [TokenTree], outputs: [Int], sharesPrefix: Bool = true) {
        let stems = zip(trees, outputs).map { tree, wanted in
            tree.tokens.prefix(min(tree.stem, tree.tokens.count - wanted))
        }
        let shared = sharesPrefix ? Self.commonPrefixLength(of: stems) : 0
        let ends = trees.flatMap { tree in tree.ends.dropFirst(shared).map { $0 - shared } }
        self.init(
            tokens: (trees.first?.tokens ?? []).prefix(shared)
                + trees.flatMap { $0.tokens.dropFirst(shared) },
            prefixLength: shared,
            lengths: trees.map { $0.tokens.count - shared },
            outputs: outputs,
            held: nil,
            ends: trees.allSatisfy { $0.stem == $0.tokens.count } ? nil : ends
        )
    }

    /// Packs sequences that begin with the same `prefixLength` tokens.
    init(_ sequences: [[Int]], prefixLength: Int) {
        let own = sequences.map { $0.dropFirst(prefixLength) }
        self.init(
            tokens: (sequences.first ?? []).prefix(prefixLength) + Array(own.joined()),
            prefixLength: prefixLength,
            lengths: own.map(\.count),
            outputs: own.map { _ in 1 },
            held: nil,
            ends: nil
        )
    }

    /// Packs tokens that go on from a prefix and `held` own tokens of each sequence.
    init(_ sequences: [[Int]], behindPrefix prefixLength: Int, held: [Int]) {
        self.init(
            tokens: Array(sequences.joined()),
            prefixLength: prefixLength,
            lengths: sequences.map(\.count),
            outputs: sequences.map { _ in 1 },
            held: held,
            ends: nil
        )
    }

    private init(
        tokens: [Int],
        prefixLength: Int,
        lengths: [Int],
        outputs: [Int],
        held: [Int]?,
        ends: [Int]?
    ) {
        precondition(
            !lengths.isEmpty && lengths.allSatisfy { $0 > 0 },
            "a batch needs at least one sequence, each with a token of its own, not \(lengths)"
        )
        precondition(
            held.map { $0.count == lengths.count && $0.allSatisfy { $0 >= 0 } } ?? true,
            "held lengths \(held ?? []) do not fit \(lengths.count) sequences"
        )
        self.tokens = tokens
        self.prefixLength = prefixLength
        self.lengths = lengths
        self.outputs = outputs
        self.held = held
        self.ends = ends
    }

    private static func commonPrefixLength(of stems: [ArraySlice<Int>]) -> Int {
        guard let shortest = stems.min(by: { $0.count < $1.count }) else { return 0 }
        return stems.reduce(shortest.count) { length, stem in
            (0..<length).first { stem[$0] != shortest[$0] } ?? length
        }
    }

    /// The wanted tokens of each sequence.
    public var wantedRows: OutputRows { .last(outputs) }

    /// Number of tokens of the prefix that are here.
    private var prefixRows: Int { held == nil ? prefixLength : 0 }

    /// Number of own tokens of each sequence with those that are held.
    private var keyLengths: [Int] { held.map { zip($0, lengths).map(+) } ?? lengths }

    /// Each token's place in its sequence, from 0.
    var positions: [Int] {
        let own: [Int]
        if let ends {
            var rest = ends[...]
            own = lengths.flatMap { length in
                defer { rest = rest.dropFirst(length) }
                return depths(rest.prefix(length))
            }
        } else {
            own = zip(keyLengths, lengths).flatMap { keys, own in keys - own..<keys }
        }
        return Array(0..<prefixRows) + own.map { prefixLength + $0 }
    }

    /// The index in `tokens` of each row; nil where rows are tokens.
    func indices(of rows: OutputRows) -> [Int]? {
        guard case .last(let counts) = rows else { return nil }
        var end = prefixRows
        return zip(lengths, counts).flatMap { length, count in
            end += length
            return end - count..<end
        }
    }

    /// Spans with a query for each row, and keys of all tokens, held ones in front of each
    /// sequence's own; a query sees at most `window` keys, the last ones up to its own.
    func spans(of rows: OutputRows, window: Int? = nil) -> AttentionSpans {
        let (prefixQueries, queryLengths) =
            switch rows {
            case .all: (prefixRows, lengths)
            case .last(let counts): (0, counts)
            }
        precondition(
            queryLengths.count == lengths.count
                && zip(queryLengths, lengths).allSatisfy { 0 < $0 && $0 <= $1 },
            "the last \(queryLengths) rows of sequences of \(lengths) tokens"
        )
        return AttentionSpans(
            prefixQueries: prefixQueries,
            prefixKeys: prefixLength,
            queryLengths: queryLengths,
            keyLengths: keyLengths,
            ends: ends,
            window: window
        )
    }
}
