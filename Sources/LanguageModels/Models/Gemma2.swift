// Gemma 2: norms before and behind attention and MLP, GELU as the gate, caps on scores and logits,
// every other block with a window (arXiv 2408.00118).

/// The settings of a Gemma 2.
struct Gemma2Configuration: ModelConfiguration {
    var sizes: DecoderSizes
    /// Added to the mean square in norms.
    let normEpsilon: Double
    let rotary: RotarySettings
    /// The most keys that a query sees in each block; nil where all.
    let windows: [Int?]
    let gemma: GemmaSettings

    static let modelTypes = ["gemma2"]

    static let gguf = GGUFLayout("gemma2", interleaved: false, others: GemmaSettings.ggufLayers)

    init(_ settings: CheckpointSettings) throws {
        sizes = try DecoderSizes(settings, tiesEmbeddings: true, keyHeads: 4, headSize: 256)
        normEpsilon = try settings.positiveNumber("rms_norm_eps") ?? 1e-6
        rotary = try RotarySettings(settings, sizes)
        gemma = try GemmaSettings(settings, sizes, caps: (scores: 50, logits: 30))
        let window = try settings.size("sliding_window", orElse: 4096)
        windows = try settings.windows(window, layers: sizes.layerCount) { $0 % 2 == 0 }
    }

    func model(_ weights: WeightScope) throws -> any CausalLanguageModel {
        let rotary = try RotaryEmbedding(rotary, weights)
        let ends = gemma.ends(sizes)
        return try Decoder(weights, sizes, normEpsilon: normEpsilon, ends: ends) { place, number in
            let rule = gemma.rule(rotary, window: windows[number])
            return try gemma.block(place, sizes, normEpsilon, rule)
        }
    }
}

/// What Gemma 2 and 3 have in common.
struct GemmaSettings: Equatable, Sendable {
    /// Factor of the scores.
    let attentionScale: Double
    /// Caps of scores and of logits, where there are any.
    let scoreCap: Double?
    let logitCap: Double?
    /// Added to the stored factors of norms: 1, but for GGUF files, where it is done already.
    let normOffset: Double
    /// Whether the attention projections have biases.
    let attentionBias: Bool

    static let ggufLayers = [
        "post_attention_norm": "post_attention_layernorm",
        "ffn_norm": "pre_feedforward_layernorm", "post_ffw_norm": "post_feedforward_layernorm",
    ]

    /// Reads the settings; `caps` hold where a `config.json` names none.
    init(
        _ settings: CheckpointSettings,
        _ sizes: DecoderSizes,
        caps: (scores: Double?, logits: Double?)
    ) throws {
        // The largest of both families have another scale, which GGUF files do not tell.
        let isLargest = settings.isGGUF && [46, 62].contains(sizes.layerCount)
        let ofGGUF = isLargest ? sizes.hiddenSize / sizes.headCount : sizes.headSize
        let usual = settings.isGGUF ? ofGGUF : 256
        let scalar = try settings.positiveNumber("query_pre_attn_scalar") ?? Double(usual)
        attentionScale = 1 / scalar.squareRoot()
        scoreCap = try settings.number("attn_logit_softcapping", orElse: caps.scores)
        logitCap = try settings.number("final_logit_softcapping", orElse: caps.logits)
        normOffset = settings.isGGUF ? 0 : 1
        attentionBias = try settings.boolean("attention_bias") ?? false
        _ = try settings.choice("hidden_activation", of: ["gelu_pytorch_tanh"])
        if try settings.boolean("use_bidirectional_attention") == true {
            throw try settings.invalid(
                "use_bidirectional_attention",
                expected: "false",
                found: "true"
            )
        }
    }

    /// Embeddings times √hidden, and logits below their cap.
    func ends(_ sizes: DecoderSizes) -> DecoderEnds {
        DecoderEnds(
            embeddingScale: Double(sizes.hiddenSize).squareRoot(),
            normOffset: normOffset,
            logitCap: logitCap
        )
    }

    func rule(_ rotary: RotaryEmbedding, window: Int?) -> AttentionRule {
        AttentionRule(rotary: rotary, window: window, scale: attentionScale, cap: scoreCap)
    }

    /// A block at `place`; with `normsHeads` it has norms of the heads of query and key.
    func block(
        _ place: WeightScope,
        _ sizes: DecoderSizes,
        _ normEpsilon: Double,
        _ rule: AttentionRule,
        normsHeads: Bool = false
    ) throws -> NormedBlock {
        func norm(_ place: WeightScope, _ size: Int) throws -> RMSNorm {
            try RMSNorm(place, size, epsilon: normEpsilon, offset: normOffset)
        }
        func blockNorm(_ name: String) throws -> RMSNorm {
            try norm(place / name, sizes.hiddenSize)
        }
        let attention = place / "self_attn"
        return try NormedBlock(
            sizes,
            SelfAttention(
                attention,
                sizes,
                bias: (attentionBias, attentionBias),
                norms: normsHeads
                    ? (
                        norm(attention / "q_norm", sizes.headSize),
                        norm(attention / "k_norm", sizes.headSize)
                    ) : nil,
                rule
            ),
            GatedMLP(place / "mlp", sizes, bias: false, activation: .gelu),
            BlockNorms(
                beforeAttention: blockNorm("input_layernorm"),
                behindAttention: blockNorm("post_attention_layernorm"),
                beforeMLP: blockNorm("pre_feedforward_layernorm"),
                behindMLP: blockNorm("post_feedforward_layernorm")
            )
        )
    }
}
