// The Qwen3 family: Llama with a norm on each head of query and key, and heads of a size of their
// own (arXiv 2505.09388).

/// The settings of a Qwen3.
struct Qwen3Configuration: ModelConfiguration {
    var sizes: DecoderSizes
    /// Added to the mean square in norms.
    let normEpsilon: Double
    let rotary: RotarySettings
    /// The most keys that a query sees in each block; nil where all.
    let windows: [Int?]
    /// Whether the attention projections have biases.
    let attentionBias: Bool

    static let modelTypes = ["qwen3"]

    static let gguf = GGUFLayout(
        "qwen3",
        interleaved: false,
        others: ["attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"]
    )

    init(_ settings: CheckpointSettings) throws {
        sizes = try DecoderSizes(settings, keyHeads: 32, headSize: 128)
        windows = try Qwen2Configuration.windows(settings, sizes)
        normEpsilon = try settings.positiveNumber("rms_norm_eps") ?? 1e-6
        rotary = try RotarySettings(settings, sizes)
        _ = try settings.choice("hidden_act", of: ["silu", "swish"])
        attentionBias = try settings.boolean("attention_bias") ?? false
    }

    func model(_ weights: WeightScope) throws -> any CausalLanguageModel {
        let rotary = try RotaryEmbedding(rotary, weights)
        return try Decoder(weights, sizes, normEpsilon: normEpsilon) { place, number in
            let attention = place / "self_attn"
            func norm(_ name: String) throws -> RMSNorm {
                try RMSNorm(attention / name, sizes.headSize, epsilon: normEpsilon)
            }
            return try NormedBlock(
                sizes,
                SelfAttention(
                    attention,
                    sizes,
                    bias: (attentionBias, attentionBias),
                    norms: (norm("q_norm"), norm("k_norm")),
                    AttentionRule(rotary: rotary, window: windows[number])
                ),
                GatedMLP(place / "mlp", sizes, bias: false),
                .inFront(place, sizes, epsilon: normEpsilon)
            )
        }
    }
}
