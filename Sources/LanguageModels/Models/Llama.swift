// The Llama family: pre-norm decoder with rotary positions, grouped-query attention and a SwiGLU
// MLP (arXiv 2302.13971, 2307.09288, 2407.21783).
// SmolLM2 is this with tied embeddings, Mistral this with a window.

/// The settings of a Llama.
struct LlamaConfiguration: ModelConfiguration {
    var sizes: DecoderSizes
    /// Added to the mean square in norms.
    let normEpsilon: Double
    let rotary: RotarySettings
    /// Whether the attention projections have biases.
    let attentionBias: Bool
    /// Whether the MLP projections have biases.
    let mlpBias: Bool
    /// The most keys that a query sees; nil where all.
    let window: Int?

    static let modelTypes = ["llama", "mistral"]

    static let gguf = GGUFLayout("llama", interleaved: true)

    init(_ settings: CheckpointSettings) throws {
        let isMistral = settings.modelType == "mistral"
        sizes = try DecoderSizes(settings, keyHeads: isMistral ? 8 : nil)
        // GGUF files name no family apart from Llama's.
        let hasWindow = isMistral || settings.isGGUF
        window = hasWindow ? try settings.size("sliding_window", orElse: 4096) : nil
        if isMistral {
            let all = window == nil ? "full_attention" : "sliding_attention"
            for kind in try settings.texts("layer_types") where try kind.string() != all {
                throw kind.unsupported(try kind.string(), [all])
            }
        }
        normEpsilon = try settings.positiveNumber("rms_norm_eps") ?? 1e-6
        rotary = try RotarySettings(settings, sizes)
        _ = try settings.choice("hidden_act", of: ["silu", "swish"])
        func hasBias(_ setting: String, _ layer: String) throws -> Bool {
            try settings.rows(of: "model.layers.0.\(layer).bias").map { $0 > 0 }
                ?? (isMistral ? nil : settings.boolean(setting)) ?? false
        }
        attentionBias = try hasBias("attention_bias", "self_attn.q_proj")
        mlpBias = try hasBias("mlp_bias", "mlp.up_proj")
    }

    func model(_ weights: WeightScope) throws -> any CausalLanguageModel {
        let rule = AttentionRule(rotary: try RotaryEmbedding(rotary, weights), window: window)
        return try Decoder(weights, sizes, normEpsilon: normEpsilon) { place, _ in
            try NormedBlock(
                sizes,
                SelfAttention(
                    place / "self_attn",
                    sizes,
                    bias: (attentionBias, attentionBias),
                    rule
                ),
                GatedMLP(place / "mlp", sizes, bias: mlpBias),
                .inFront(place, sizes, epsilon: normEpsilon)
            )
        }
    }
}
