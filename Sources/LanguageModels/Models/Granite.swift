// Granite 3: Llama with four multipliers, of embeddings, of attention's scores, of what attention
// and MLP add, and of logits (Transformers' `configuration_granite.py` describes them).

/// The settings of a Granite.
struct GraniteConfiguration: ModelConfiguration {
    var sizes: DecoderSizes
    /// Added to the mean square in norms.
    let normEpsilon: Double
    let rotary: RotarySettings
    /// Whether the attention projections have biases.
    let attentionBias: Bool
    /// Whether the MLP projections have biases.
    let mlpBias: Bool
    /// Of the embeddings.
    let embeddingScale: Double
    /// Of the scores, in place of 1 / √head size.
    let attentionScale: Double
    /// Of what attention and MLP add.
    let residualScale: Double
    /// The logits are divided by it.
    let logitsDivisor: Double

    static let modelTypes = ["granite"]

    static let gguf = GGUFLayout("granite", interleaved: true)

    init(_ settings: CheckpointSettings) throws {
        sizes = try DecoderSizes(settings)
        normEpsilon = try settings.positiveNumber("rms_norm_eps") ?? 1e-6
        rotary = try RotarySettings(settings, sizes)
        _ = try settings.choice("hidden_act", of: ["silu", "swish"])
        attentionBias = try settings.boolean("attention_bias") ?? false
        mlpBias = try settings.boolean("mlp_bias") ?? false
        embeddingScale = try settings.positiveNumber("embedding_multiplier") ?? 1
        attentionScale = try settings.positiveNumber("attention_multiplier") ?? 1
        residualScale = try settings.positiveNumber("residual_multiplier") ?? 1
        logitsDivisor = try settings.positiveNumber("logits_scaling") ?? 1
    }

    func model(_ weights: WeightScope) throws -> any CausalLanguageModel {
        let rotary = try RotaryEmbedding(rotary, weights)
        return try Decoder(
            weights,
            sizes,
            normEpsilon: normEpsilon,
            ends: DecoderEnds(embeddingScale: embeddingScale, logitScale: 1 / logitsDivisor)
        ) { place, _ in
            try NormedBlock(
                sizes,
                SelfAttention(
                    place / "self_attn",
                    sizes,
                    bias: (attentionBias, attentionBias),
                    AttentionRule(rotary: rotary, scale: attentionScale)
                ),
                GatedMLP(place / "mlp", sizes, bias: mlpBias),
                .inFront(place, sizes, epsilon: normEpsilon),
                scale: residualScale
            )
        }
    }
}
