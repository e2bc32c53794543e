/// Batches for evaluation: examples of similar length together, a bounded number of tokens each.
public struct EvaluationBatches: Equatable, Sendable {
    /// Indices of the examples of each batch; every example is in one batch.
    public let batches: [[Int]]

    /// Groups examples, given their lengths in tokens, longest first.
    ///
    /// A batch's lengths sum to at most `maximumTokens`; a longer example is a batch by itself.
    /// The longest come first, so that a lack of memory shows at once. Shared prefixes make
    /// batches smaller than their sum.
    public init(lengths: [Int], maximumTokens: Int) {
        // Ties in input order: `sorted` is not documented to be stable.
        let order = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
        var batches: [[Int]] = []
        var room = 0
        for index in order {
            if batches.isEmpty || lengths[index] > room {
                batches.append([])
                room = maximumTokens
            }
            batches[batches.count - 1].append(index)
            room -= lengths[index]
        }
        self.batches = batches
    }

    private init(_ batches: [[Int]]) {
        self.batches = batches
    }

    /// The batches of what the indices stand for, where each is some examples.
    public func of(_ units: [Range<Int>]) -> EvaluationBatches {
        EvaluationBatches(batches.map { $0.flatMap { units[$0] } })
    }

    /// The results of `body` for each example, in the order of the examples.
    ///
    /// `body` takes a batch's indices and must give as many results, in the batch's order.
    public func map<Result>(_ body: ([Int]) throws -> [Result]) rethrows -> [Result] {
        var indexed: [(index: Int, result: Result)] = []
        for batch in batches {
            let results = try body(batch)
            precondition(
                results.count == batch.count,
                "a batch of \(batch.count) examples got \(results.count) results"
            )
            indexed += zip(batch, results).map { (index: $0, result: $1) }
        }
        return indexed.sorted { $0.index < $1.index }.map(\.result)
    }
}
