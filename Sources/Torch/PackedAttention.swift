import CTorch

/// Which tokens of a packed batch have queries and which have keys, made once for all blocks.
///
/// A packed batch is a prefix that all sequences share, then each sequence's own tokens.
public final class AttentionSpans {
    let handle: ctorch_spans?

    /// Spans of a batch of at least one sequence whose keys lie anywhere, such as in rows that are
    /// held from pass to pass; rows that are no one's are not read.
    ///
    /// - Parameters:
    ///   - prefixQueries: queries of the prefix, for its last tokens; 0 where it has none.
    ///   - prefixKeys: tokens of the prefix, whose keys are the first rows.
    ///   - queryLengths: queries of each sequence, for its last tokens; at least 1.
    ///   - keyLengths: own tokens of each sequence, no fewer than its queries.
    ///   - firstKeys: the row of each sequence's first key; no row is that of two sequences.
    ///   - ends: where sequences branch, for each own token of every sequence the place behind the
    ///     last one that sees it, counted from the sequence's first: they are trees in depth-first
    ///     order. Nil where each token sees all before it.
    ///   - window: the most keys that a query sees, the last ones up to its own; nil where all.
    public init(
        prefixQueries: Int,
        prefixKeys: Int,
        queryLengths: [Int],
        keyLengths: [Int],
        firstKeys: [Int],
        ends: [Int]? = nil,
        window: Int? = nil
    ) {
        precondition(window.map { $0 > 0 } ?? true, "a window of \(window ?? 0) keys")
        precondition(
            queryLengths.count == keyLengths.count && firstKeys.count == keyLengths.count,
            "query lengths \(queryLengths), key lengths \(keyLengths) and first keys \(firstKeys)"
        )
        precondition(
            ends.map { $0.count == keyLengths.reduce(0, +) } ?? true,
            "\(ends?.count ?? 0) ends of keys of lengths \(keyLengths)"
        )
        var result: ctorch_spans?
        let status = ctorch_spans_new(
            Int64(prefixQueries),
            Int64(prefixKeys),
            queryLengths.map(Int64.init),
            keyLengths.map(Int64.init),
            firstKeys.map(Int64.init),
            ends?.map(Int64.init),
            Int32(keyLengths.count),
            Int64(window ?? 0),
            &result
        )
        check(status, "AttentionSpans")
        handle = result
    }

    /// Spans whose keys lie end to end: the prefix, then each sequence.
    public convenience init(
        prefixQueries: Int,
        prefixKeys: Int,
        queryLengths: [Int],
        keyLengths: [Int],
        ends: [Int]? = nil,
        window: Int? = nil
    ) {
        var next = prefixKeys
        let firstKeys = keyLengths.map { length in
            defer { next += length }
            return next
        }
        self.init(
            prefixQueries: prefixQueries,
            prefixKeys: prefixKeys,
            queryLengths: queryLengths,
            keyLengths: keyLengths,
            firstKeys: firstKeys,
            ends: ends,
            window: window
        )
    }

    deinit {
        ctorch_spans_release(handle)
    }
}

/// Causal attention inside each sequence of a packed batch whose sequences share a prefix.
///
/// `query` is [prefixQueries + sum(queryLengths), heads, size]; `key` and `value`, of the same
/// type, are [rows, keyHeads, size] with at least the rows of the spans. `heads` is a multiple of
/// `keyHeads` (grouped-query attention, arXiv 2305.13245). `scale` multiplies the scores, usually
/// by 1 / sqrt(size); with a `cap` (arXiv 2408.00118) they then become cap * tanh(score / cap).
/// The result has the shape and type of `query`; scores and softmax are float32, or float64.
public func packedAttention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    spans: AttentionSpans,
    scale: Double,
    cap: Double? = nil
) -> Tensor {
    Tensor {
        ctorch_packed_attention(
            query.handle,
            key.handle,
            value.handle,
            spans.handle,
            scale,
            cap ?? 0,
            $0
        )
    }
}
