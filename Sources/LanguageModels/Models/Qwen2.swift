// The Qwen2 family, Qwen2.5 included: Llama with biases on query, key and value and nowhere else
// (arXiv 2407.10671).

/// The settings of a Qwen2.
struct Qwen2Configuration: ModelConfiguration {
    var sizes: DecoderSizes
    /// Added to the mean square in norms.
    let normEpsilon: Double
    let rotary: RotarySettings

    static let modelTypes = ["qwen2"]

    static let gguf = GGUFLayout("qwen2", interleaved: false)

    init(_ settings: CheckpointSettings) throws {
        sizes = try DecoderSizes(settings, keyHeads: 32)
        sizes.fit(intoWindow: try settings.usedWindow(layers: sizes.layerCount))
        normEpsilon = try settings.positiveNumber("rms_norm_eps") ?? 1e-6
        rotary = try RotarySettings(settings)
        _ = try settings.choice("hidden_act", of: ["silu", "swish"])
    }

    func model(_ weights: WeightScope) throws -> any CausalLanguageModel {
        try Decoder(weights, sizes, normEpsilon: normEpsilon, rotary: rotary) { place, _ in
            try PreNormBlock(
                place,
                sizes,
                SelfAttention(place / "self_attn", sizes, bias: (true, false)),
                GatedMLP(place / "mlp", sizes, bias: false),
                normEpsilon: normEpsilon
            )
        }
    }
}
