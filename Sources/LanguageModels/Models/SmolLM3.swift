// SmolLM3: Llama with every fourth block not told the positions
// (<https://huggingface.co/blog/smollm3>; NoPE: arXiv 2501.18795).

/// The settings of a SmolLM3.
struct SmolLM3Configuration: ModelConfiguration {
    var sizes: DecoderSizes
    /// Added to the mean square in norms.
    let normEpsilon: Double
    let rotary: RotarySettings
    /// Whether the attention projections have biases.
    let attentionBias: Bool
    /// Whether the MLP projections have biases.
    let mlpBias: Bool
    /// For each block whether queries and keys are rotated by their positions.
    let rotates: [Bool]
    /// The most keys that a query sees in each block; nil where all.
    let windows: [Int?]

    static let modelTypes = ["smollm3"]

    static let gguf = GGUFLayout("smollm3", interleaved: true)

    init(_ settings: CheckpointSettings) throws {
        sizes = try DecoderSizes(settings, tiesEmbeddings: true, keyHeads: 4)
        normEpsilon = try settings.positiveNumber("rms_norm_eps") ?? 1e-6
        rotary = try RotarySettings(settings, sizes, theta: 2_000_000)
        _ = try settings.choice("hidden_act", of: ["silu", "swish"])
        attentionBias = try settings.boolean("attention_bias") ?? false
        mlpBias = try settings.boolean("mlp_bias") ?? false
        let interval = try settings.sizeIfPresent("no_rope_layer_interval") ?? 4
        let flags = try settings.numbers("no_rope_layers", count: sizes.layerCount)
        let rotates =
            flags?.map { $0 != 0 } ?? (1...sizes.layerCount).map { !$0.isMultiple(of: interval) }
        self.rotates = rotates
        let slides = try settings.boolean("use_sliding_window") ?? false
        let window = slides ? try settings.sizeIfPresent("sliding_window") : nil
        windows = try settings.windows(window, layers: sizes.layerCount) { !rotates[$0] }
    }

    func model(_ weights: WeightScope) throws -> any CausalLanguageModel {
        let rotary = try RotaryEmbedding(rotary, weights)
        return try Decoder(weights, sizes, normEpsilon: normEpsilon) { place, number in
            let rotary = rotates[number] ? rotary : nil
            return try NormedBlock(
                sizes,
                SelfAttention(
                    place / "self_attn",
                    sizes,
                    bias: (attentionBias, attentionBias),
                    AttentionRule(rotary: rotary, window: windows[number])
                ),
                GatedMLP(place / "mlp", sizes, bias: mlpBias),
                .inFront(place, sizes, epsilon: normEpsilon)
            )
        }
    }
}
