/// Sequences of tokens with what they begin with alike once: a tree in depth-first order.
///
/// Equal beginnings are the same tokens of the tree, and no others are, so that the tree does not
/// depend on the order of the sequences.
public struct TokenTree: Equatable, Sendable {
    /// Token ids, each before those that follow it in a sequence.
    public let tokens: [Int]
    /// For each token the place behind the last one that follows it in a sequence: itself and the
    /// tokens up to there see it.
    public let ends: [Int]
    /// Where each sequence's tokens are in ``tokens``: [sequences][tokens].
    public let places: [[Int]]

    /// The tree of some sequences, each of at least one token.
    public init(_ sequences: [[Int]]) {
        var (tokens, ends): ([Int], [Int]) = ([], [])
        var places = [[Int]](repeating: [], count: sequences.count)
        var open: [Int] = []
        // In lexicographic order every sequence goes on from a beginning of the one before it.
        let order = sequences.indices.sorted {
            sequences[$0].lexicographicallyPrecedes(sequences[$1])
        }
        for index in order {
            let sequence = sequences[index]
            let shared = zip(open, sequence).prefix { tokens[$0] == $1 }.count
            for place in open[shared...] { ends[place] = tokens.count }
            open.removeSubrange(shared...)
            for token in sequence[shared...] {
                open.append(tokens.count)
                tokens.append(token)
                ends.append(0)
            }
            places[index] = open
        }
        for place in open { ends[place] = tokens.count }
        (self.tokens, self.ends, self.places) = (tokens, ends, places)
    }

    /// Number of tokens that all others follow, at the front.
    var stem: Int { ends.prefix { $0 == tokens.count }.count }
}

/// The depth of each token of a tree, from 0, by the ends of what follows it.
func depths(_ ends: ArraySlice<Int>) -> [Int] {
    var open: [Int] = []
    return ends.enumerated().map { place, end in
        while let last = open.last, last <= place { open.removeLast() }
        open.append(end)
        return open.count - 1
    }
}
