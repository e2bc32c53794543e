import CTorch

/// The gated delta rule along the sequences of a packed batch (Yang, Kautz and Hatamizadeh 2024,
/// arXiv 2412.06464), for linear attention with a state of fixed size.
///
/// Each head holds a state S, [key size, value size], 0 at the start. A token with key k, value v,
/// decay a and strength b changes it to a S + b k (v - a k S)', and its query q then reads q S /
/// √(key size). A sequence goes on from the state behind the shared prefix, a branch from that
/// where it begins. It is computed in chunks of 64 tokens.
///
/// - Parameters:
///   - query: [tokens, keyHeads, key size].
///   - key: shaped as the query, with rows of length at most 1.
///   - value: [tokens, heads, value size]; `heads` is a multiple of `keyHeads`, and value heads
///     that share a key head lie side by side.
///   - logDecay: log a, at most 0: [tokens, heads].
///   - strength: b, from 0 to 1: [tokens, heads].
///   - spans: those of all tokens.
/// - Returns: the shape and type of `value`; states are float32, or float64.
public func gatedDeltaRule(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    logDecay: Tensor,
    strength: Tensor,
    spans: AttentionSpans
) -> Tensor {
    Tensor {
        ctorch_delta_rule(
            query.handle,
            key.handle,
            value.handle,
            logDecay.handle,
            strength.handle,
            spans.handle,
            $0
        )
    }
}

extension Tensor {
    /// silu of a causal convolution of every channel of this [tokens, channels] with a frozen
    /// weight [channels, taps], the last tap that of the token itself.
    ///
    /// `spans` are those of all tokens. What lies before the first token counts as 0.
    public func causallyConvolved(_ weight: Tensor, spans: AttentionSpans) -> Tensor {
        Tensor { ctorch_convolution(handle, weight.handle, spans.handle, $0) }
    }
}
