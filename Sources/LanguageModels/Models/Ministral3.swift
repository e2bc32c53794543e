// Ministral 3: Llama with heads of a size of their own and positions scaled by YaRN. Beyond the
// length before scaling it also scales queries by their positions, so that prompts end there here.

/// The settings of a Ministral 3.
struct Ministral3Configuration: ModelConfiguration {
    var sizes: DecoderSizes
    /// Added to the mean square in norms.
    let normEpsilon: Double
    let rotary: RotarySettings
    /// The most keys that a query sees; nil where all.
    let window: Int?

    static let modelTypes = ["ministral3"]

    static let gguf = GGUFLayout("mistral3", interleaved: true)

    init(_ settings: CheckpointSettings) throws {
        sizes = try DecoderSizes(settings, keyHeads: 8, headSize: 128)
        normEpsilon = try settings.positiveNumber("rms_norm_eps") ?? 1e-5
        rotary = try RotarySettings(settings, sizes, theta: 1_000_000)
        if case .yarn = rotary.scaling {
            let original = try settings.size("original_max_position_embeddings")
            sizes.maximumLength = min(sizes.maximumLength, original)
        }
        window = try settings.sizeIfPresent("sliding_window")
        _ = try settings.choice("hidden_act", of: ["silu", "swish"])
    }

    func model(_ weights: WeightScope) throws -> any CausalLanguageModel {
        let rule = AttentionRule(rotary: try RotaryEmbedding(rotary, weights), window: window)
        return try Decoder(weights, sizes, normEpsilon: normEpsilon) { place, _ in
            try NormedBlock(
                sizes,
                SelfAttention(place / "self_attn", sizes, bias: (false, false), rule),
                GatedMLP(place / "mlp", sizes, bias: false),
                .inFront(place, sizes, epsilon: normEpsilon)
            )
        }
    }
}
