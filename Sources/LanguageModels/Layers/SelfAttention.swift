import Torch

/// How queries and keys become weights.
struct AttentionRule {
    /// What rotates both by the positions of their tokens; nil where these are not told.
    var rotary: RotaryEmbedding?
    /// The most keys that a query sees, the last ones up to its own; nil where all.
    var window: Int?
    /// The factor of the products; 1 / √(size of a head) if nil.
    var scale: Double?
    /// Scores become cap * tanh(score / cap), where there is a cap (arXiv 2408.00118).
    var cap: Double?
}

/// Causal attention of grouped heads: hidden states [tokens, hidden] to [rows, hidden].
struct SelfAttention {
    let inputs: any JointLinears  // query, key, value
    let output: Linear
    private let norms: (query: RMSNorm, key: RMSNorm)?
    private let rule: AttentionRule
    private let sizes: DecoderSizes

    /// Layers that were read elsewhere.
    init(
        inputs: any JointLinears,
        output: Linear,
        _ sizes: DecoderSizes,
        norms: (query: RMSNorm, key: RMSNorm)? = nil,
        _ rule: AttentionRule
    ) {
        (self.inputs, self.output, self.sizes) = (inputs, output, sizes)
        (self.norms, self.rule) = (norms, rule)
    }

    /// The layers `q_proj`, `k_proj`, `v_proj` and `o_proj` below `weights`.
    ///
    /// `norms` are of query and key, each over a head or over all, as their sizes say.
    init(
        _ weights: WeightScope,
        _ sizes: DecoderSizes,
        bias: (inputs: Bool, output: Bool),
        norms: (query: RMSNorm, key: RMSNorm)? = nil,
        _ rule: AttentionRule
    ) throws {
        let (hidden, width) = (sizes.hiddenSize, sizes.queryWidth)
        let inputs = try LinearGroup(
            weights,
            [("q_proj", width), ("k_proj", sizes.keyWidth), ("v_proj", sizes.keyWidth)],
            input: hidden,
            bias: bias.inputs
        )
        let output = try Linear(
            weights / "o_proj",
            input: width,
            output: hidden,
            bias: bias.output
        )
        self.init(inputs: inputs, output: output, sizes, norms: norms, rule)
    }

    /// Numbers a token that the backward pass needs: query, key and value, and what norms read.
    var keptByToken: Int {
        let (queries, keys) = (sizes.queryWidth, sizes.keyWidth)
        return queries + 2 * keys + (norms == nil ? 0 : queries + keys)
    }

    func callAsFunction(_ x: Tensor, _ pass: DecoderPass) -> Tensor {
        let parts = inputs.separate(x)  // [tokens, heads * size], then keyHeads twice
        func heads(_ x: Tensor, _ count: Int) -> Tensor { x.reshaped([-1, count, sizes.headSize]) }
        func placed(_ x: Tensor, _ norm: RMSNorm?, _ count: Int) -> Tensor {
            let normed = heads(norm.map { $0(x.reshaped([-1, $0.size])) } ?? x, count)
            return rule.rotary.map { pass.rotated(normed, by: $0) } ?? normed
        }
        let mixed = packedAttention(
            query: pass.outputRows(of: placed(parts[0], norms?.query, sizes.headCount)),
            key: placed(parts[1], norms?.key, sizes.keyHeadCount),
            value: heads(parts[2], sizes.keyHeadCount),
            spans: pass.spans(window: rule.window),
            scale: rule.scale ?? 1 / Double(sizes.headSize).squareRoot(),
            cap: rule.cap
        )  // [rows, heads, size]
        return output(mixed.reshaped([-1, sizes.queryWidth]))
    }
}
