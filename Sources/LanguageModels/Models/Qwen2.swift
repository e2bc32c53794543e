// The Qwen2 family, Qwen2.5 included: Llama with biases on query, key and value and nowhere else
// (arXiv 2407.10671).

/// The settings of a Qwen2.
struct Qwen2Configuration: ModelConfiguration {
    var sizes: DecoderSizes
    /// Added to the mean square in norms.
    let normEpsilon: Double
    let rotary: RotarySettings
    /// The most keys that a query sees in each block; nil where all.
    let windows: [Int?]

    static let modelTypes = ["qwen2"]

    static let gguf = GGUFLayout("qwen2", interleaved: false)

    init(_ settings: CheckpointSettings) throws {
        sizes = try DecoderSizes(settings, keyHeads: 32)
        windows = try Self.windows(settings, sizes)
        normEpsilon = try settings.positiveNumber("rms_norm_eps") ?? 1e-6
        rotary = try RotarySettings(settings, sizes)
        _ = try settings.choice("hidden_act", of: ["silu", "swish"])
    }

    /// Windows of the blocks from the `max_window_layers`-th on, where the settings say that they
    /// are used; released files name one and do not use it.
    static func windows(_ settings: CheckpointSettings, _ sizes: DecoderSizes) throws -> [Int?] {
        let isUsed = try settings.boolean("use_sliding_window") ?? false
        let window = isUsed ? try settings.size("sliding_window", orElse: 4096) : nil
        let first = try settings.integer("max_window_layers") ?? 28
        return try settings.windows(window, layers: sizes.layerCount) { $0 >= first }
    }

    func model(_ weights: WeightScope) throws -> any CausalLanguageModel {
        let rotary = try RotaryEmbedding(rotary, weights)
        return try Decoder(weights, sizes, normEpsilon: normEpsilon) { place, number in
            let rule = AttentionRule(rotary: rotary, window: windows[number])
            return try NormedBlock(
                sizes,
                SelfAttention(place / "self_attn", sizes, bias: (true, false), rule),
                GatedMLP(place / "mlp", sizes, bias: false),
                .inFront(place, sizes, epsilon: normEpsilon)
            )
        }
    }
}
