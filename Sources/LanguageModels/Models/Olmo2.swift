// OLMo 2 and 3: norms behind attention and MLP and not before them, and one norm over all heads of
// the queries and one over those of the keys (arXiv 2501.00656). In OLMo 3 most blocks see a
// window, and the others have scaled positions.

/// The settings of an OLMo 2 or 3.
struct Olmo2Configuration: ModelConfiguration {
    var sizes: DecoderSizes
    /// Added to the mean square in norms.
    let normEpsilon: Double
    /// Of the blocks that see all.
    let rotary: RotarySettings
    /// Of those that see a window.
    let slidingRotary: RotarySettings
    /// The most keys that a query sees in each block; nil where all.
    let windows: [Int?]
    /// Whether the attention projections have biases.
    let attentionBias: Bool

    static let modelTypes = ["olmo2", "olmo3"]

    static let gguf = GGUFLayout(
        "olmo2",
        interleaved: false,
        others: [
            "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
            "post_attention_norm": "post_attention_layernorm",
            "post_ffw_norm": "post_feedforward_layernorm",
        ]
    )

    init(_ settings: CheckpointSettings) throws {
        sizes = try DecoderSizes(settings)
        normEpsilon = try settings.positiveNumber("rms_norm_eps") ?? 1e-5
        let isThird = settings.modelType == "olmo3"
        // GGUF files call both the same, and an OLMo 3 has a window.
        let window =
            settings.isGGUF
            ? try settings.sizeIfPresent("sliding_window")
            : isThird ? try settings.size("sliding_window", orElse: 4096) : nil
        windows = try settings.windows(window, layers: sizes.layerCount) { $0 % 4 != 3 }
        let theta = isThird ? 500_000.0 : 10_000
        let (full, sliding) = settings.ofKinds()
        rotary = try RotarySettings(full, sizes, theta: theta)
        slidingRotary = try RotarySettings(sliding, sizes, theta: theta)
        _ = try settings.choice("hidden_act", of: ["silu", "swish"])
        attentionBias = try settings.boolean("attention_bias") ?? false
    }

    func model(_ weights: WeightScope) throws -> any CausalLanguageModel {
        let full = try RotaryEmbedding(rotary, weights)
        let sliding = try RotaryEmbedding(slidingRotary, weights)
        return try Decoder(weights, sizes, normEpsilon: normEpsilon) { place, number in
            let attention = place / "self_attn"
            func norm(_ place: WeightScope, _ size: Int) throws -> RMSNorm {
                try RMSNorm(place, size, epsilon: normEpsilon)
            }
            let window = windows[number]
            return try NormedBlock(
                sizes,
                SelfAttention(
                    attention,
                    sizes,
                    bias: (attentionBias, attentionBias),
                    norms: (
                        norm(attention / "q_norm", sizes.queryWidth),
                        norm(attention / "k_norm", sizes.keyWidth)
                    ),
                    AttentionRule(rotary: window == nil ? full : sliding, window: window)
                ),
                GatedMLP(place / "mlp", sizes, bias: false),
                BlockNorms(
                    behindAttention: norm(place / "post_attention_layernorm", sizes.hiddenSize),
                    behindMLP: norm(place / "post_feedforward_layernorm", sizes.hiddenSize)
                )
            )
        }
    }
}
