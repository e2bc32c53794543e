import CTorch

/// Which tokens of a packed batch have queries and which have keys, made once for all blocks.
///
/// A packed batch is a prefix that all sequences share, then each sequence's own tokens.
public final class AttentionSpans {
    let handle: ctorch_spans?

    /// Spans of a batch of at least one sequence.
    ///
    /// - Parameters:
    ///   - prefixQueries: tokens of the prefix that have a query: all of them or none.
    ///   - prefixKeys: tokens of the prefix.
    ///   - queryLengths: queries of each sequence, its last tokens.
    ///   - keyLengths: own tokens of each sequence.
    public init(
        prefixQueries: Int,
        prefixKeys: Int,
        queryLengths: [Int],
        keyLengths: [Int]
    ) {
        precondition(
            queryLengths.count == keyLengths.count
                && zip(queryLengths, keyLengths).allSatisfy { 0 < $0 && $0 <= $1 },
            "query lengths \(queryLengths) do not fit key lengths \(keyLengths)"
        )
        var result: ctorch_spans?
        let status = ctorch_spans_new(
            Int64(prefixQueries),
            Int64(prefixKeys),
            queryLengths.map(Int64.init),
            keyLengths.map(Int64.init),
            Int32(keyLengths.count),
            &result
        )
        check(status, "AttentionSpans")
        handle = result
    }

    deinit {
        ctorch_spans_release(handle)
    }
}

/// Causal attention inside each sequence of a packed batch whose sequences share a prefix.
///
/// `query` is [prefixQueries + sum(queryLengths), heads, size], `key` and `value` are
/// [prefixKeys + sum(keyLengths), keyHeads, size]; `heads` is a multiple of `keyHeads`
/// (grouped-query attention, arXiv 2305.13245). `scale` multiplies the scores, usually by
/// 1 / sqrt(size). The result has the shape of `query`.
public func packedAttention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    spans: AttentionSpans,
    scale: Double
) -> Tensor {
    Tensor {
        ctorch_packed_attention(query.handle, key.handle, value.handle, spans.handle, scale, $0)
    }
}
