// Phi-3, 3.5, 4 and 4-mini: Llama whose checkpoints store query, key and value as one layer, and
// gate and up as one; later ones scale positions by LongRoPE, and rotate a part of each head (arXiv
// 2404.14219).

/// The settings of a Phi-3.
struct Phi3Configuration: ModelConfiguration {
    var sizes: DecoderSizes
    /// Added to the mean square in norms.
    let normEpsilon: Double
    let rotary: RotarySettings
    /// The most keys that a query sees; nil where all.
    let window: Int?

    static let modelTypes = ["phi3"]

    static let gguf = GGUFLayout(
        "phi3",
        interleaved: false,
        others: ["attn_qkv": "self_attn.qkv_proj", "ffn_up": "mlp.gate_up_proj"]
    )

    init(_ settings: CheckpointSettings) throws {
        sizes = try DecoderSizes(settings)
        normEpsilon = try settings.positiveNumber("rms_norm_eps") ?? 1e-5
        rotary = try RotarySettings(settings, sizes, share: 1, isLong: true)
        if case .divided = rotary.scaling {
            // Longer prompts have other factors.
            let original = try settings.size("original_max_position_embeddings")
            sizes.maximumLength = min(sizes.maximumLength, original)
        }
        window = try settings.sizeIfPresent("sliding_window")
        _ = try settings.choice("hidden_act", of: ["silu", "swish"])
    }

    func model(_ weights: WeightScope) throws -> any CausalLanguageModel {
        let rule = AttentionRule(rotary: try RotaryEmbedding(rotary, weights), window: window)
        let (hidden, inner, keys) = (sizes.hiddenSize, sizes.intermediateSize, sizes.keyWidth)
        return try Decoder(weights, sizes, normEpsilon: normEpsilon) { place, _ in
            let (attention, mlp) = (place / "self_attn", place / "mlp")
            func linear(_ place: WeightScope, _ input: Int) throws -> Linear {
                try Linear(place, input: input, output: hidden, bias: false)
            }
            return try NormedBlock(
                sizes,
                SelfAttention(
                    inputs: FusedLinear(
                        attention / "qkv_proj",
                        [sizes.queryWidth, keys, keys],
                        input: hidden
                    ),
                    output: linear(attention / "o_proj", sizes.queryWidth),
                    sizes,
                    rule
                ),
                GatedMLP(
                    gateAndUp: FusedLinear(mlp / "gate_up_proj", [inner, inner], input: hidden),
                    down: linear(mlp / "down_proj", inner)
                ),
                .inFront(place, sizes, epsilon: normEpsilon)
            )
        }
    }
}
