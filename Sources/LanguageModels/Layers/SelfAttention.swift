import Torch

/// How queries and keys become weights.
struct AttentionRule {
    /// What rotates both by the positions of their tokens; nil where these are not told.
    var rotary: RotaryEmbedding?
    /// The most keys that a query sees, the last ones up to its own; nil where all.
    var window: Int?
    /// The factor of the products; 1 / √(size of a head) if nil.
    var scale: Double?
    /// Whether the query layer has a gate behind each head's query, whose sigmoid multiplies what
    /// the head has read (arXiv 2505.06708).
    var isGated = false
    /// Scores become cap * tanh(score / cap), where there is a cap (arXiv 2408.00118).
    var cap: Double?
}

/// Causal attention of grouped heads: hidden states [tokens, hidden] to [rows, hidden].
struct SelfAttention: TokenMixer {
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
        let (hidden, width, keys) = (sizes.hiddenSize, sizes.queryWidth, sizes.keyWidth)
        let inputs = try LinearGroup(
            weights,
            [("q_proj", rule.isGated ? 2 * width : width), ("k_proj", keys), ("v_proj", keys)],
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

    var cost: MixerCost {
        let (queries, keys) = (sizes.queryWidth, sizes.keyWidth)
        // Query, key and value, what norms read, and the gate.
        let normed = norms == nil ? 0 : queries + keys
        return MixerCost(
            keptByToken: queries + 2 * keys + normed,
            keptByRow: rule.isGated ? 2 * queries : 0,
            productsByPair: queries
        )
    }

    func callAsFunction(_ x: Tensor, _ pass: DecoderPass) -> Tensor {
        let parts = inputs.separate(x)  // [tokens, heads * size], then keyHeads twice
        func heads(_ x: Tensor, _ count: Int) -> Tensor { x.reshaped([-1, count, sizes.headSize]) }
        func placed(_ x: Tensor, _ norm: RMSNorm?, _ count: Int) -> Tensor {
            let normed = heads(norm.map { $0(x.reshaped([-1, $0.size])) } ?? x, count)
            return rule.rotary.map { pass.rotated(normed, by: $0) } ?? normed
        }
        let (queries, gate) = rule.isGated ? gated(parts[0]) : (parts[0], nil)
        let mixed = packedAttention(
            query: pass.outputRows(of: placed(queries, norms?.query, sizes.headCount)),
            key: placed(parts[1], norms?.key, sizes.keyHeadCount),
            value: heads(parts[2], sizes.keyHeadCount),
            spans: pass.spans(window: rule.window),
            scale: rule.scale ?? 1 / Double(sizes.headSize).squareRoot(),
            cap: rule.cap
        )  // [rows, heads, size]
        let read = gate.map { mixed * pass.outputRows(of: $0).sigmoid() } ?? mixed
        return output(read.reshaped([-1, sizes.queryWidth]))
    }

    /// Queries and gates, which lie side by side in each head: each [tokens, heads, size].
    private func gated(_ x: Tensor) -> (query: Tensor, gate: Tensor?) {
        let heads = x.reshaped([-1, sizes.headCount, 2 * sizes.headSize])
        let parts = heads.split([sizes.headSize, sizes.headSize], along: -1)
        return (parts[0], parts[1])
    }
}
