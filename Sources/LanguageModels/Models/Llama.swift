import Torch

// The Llama family: pre-norm decoder with rotary positions, grouped-query attention and a SwiGLU
// MLP (arXiv 2302.13971, 2307.09288, 2407.21783).
// SmolLM2 is this with tied embeddings, Mistral this with a window that its length never reaches.

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

    static let modelTypes = ["llama", "mistral"]

    static let gguf = GGUFLayout(
        architecture: "llama",
        layers: [
            "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
            "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
            "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
            "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
        ],
        interleaved: [
            "self_attn.q_proj": "attention.head_count",
            "self_attn.k_proj": "attention.head_count_kv",
        ]
    )

    init(_ settings: CheckpointSettings) throws {
        let isMistral = settings.modelType == "mistral"
        sizes = try DecoderSizes(settings, keyHeads: isMistral ? 8 : nil)
        if isMistral || settings.isGGUF {
            sizes.fit(intoWindow: try settings.size("sliding_window", orElse: 4096))
        }
        normEpsilon = try settings.positiveNumber("rms_norm_eps") ?? 1e-6
        rotary = try RotarySettings(settings)
        _ = try settings.choice("hidden_act", of: ["silu", "swish"])
        func hasBias(_ setting: String, _ layer: String) throws -> Bool {
            try settings.rows(of: "model.layers.0.\(layer).bias").map { $0 > 0 }
                ?? (isMistral ? nil : settings.boolean(setting)) ?? false
        }
        attentionBias = try hasBias("attention_bias", "self_attn.q_proj")
        mlpBias = try hasBias("mlp_bias", "mlp.up_proj")
    }

    func model(_ weights: WeightScope) throws -> any CausalLanguageModel {
        try Decoder(weights, sizes, normEpsilon: normEpsilon, rotary: rotary) {
            try LlamaBlock($0, self)
        }
    }
}

/// Attention over the tokens of a packed batch.
private struct LlamaAttention {
    let projections: LinearGroup  // query, key, value
    let output: Linear
    private let sizes: DecoderSizes

    init(_ weights: WeightScope, _ configuration: LlamaConfiguration) throws {
        sizes = configuration.sizes
        projections = try LinearGroup(
            weights,
            [("q_proj", sizes.queryWidth), ("k_proj", sizes.keyWidth), ("v_proj", sizes.keyWidth)],
            input: sizes.hiddenSize,
            bias: configuration.attentionBias
        )
        output = try Linear(
            weights / "o_proj",
            input: sizes.queryWidth,
            output: sizes.hiddenSize,
            bias: configuration.attentionBias
        )
    }

    func callAsFunction(_ x: Tensor, _ pass: DecoderPass) -> Tensor {
        let size = sizes.headSize
        let parts = projections.separate(x)  // [tokens, heads * size], then keyHeads twice
        let query = parts[0].reshaped([-1, sizes.headCount, size])
            .rotated(cosine: pass.cosine, sine: pass.sine)
        let key = parts[1].reshaped([-1, sizes.keyHeadCount, size])
            .rotated(cosine: pass.cosine, sine: pass.sine)
        let mixed = packedAttention(
            query: pass.outputRows(of: query),
            key: key,
            value: parts[2].reshaped([-1, sizes.keyHeadCount, size]),
            spans: pass.spans,
            scale: 1 / Double(size).squareRoot()
        )  // [rows, heads, size]
        return output(mixed.reshaped([-1, sizes.queryWidth]))
    }
}

private struct LlamaBlock: DecoderBlock {
    private let attention: LlamaAttention
    private let mlp: GatedMLP
    private let attentionNorm: RMSNorm
    private let mlpNorm: RMSNorm
    let outline: BlockOutline

    init(_ weights: WeightScope, _ configuration: LlamaConfiguration) throws {
        let sizes = configuration.sizes
        func norm(_ name: String) throws -> RMSNorm {
            try RMSNorm(weights / name, sizes.hiddenSize, epsilon: configuration.normEpsilon)
        }
        attention = try LlamaAttention(weights / "self_attn", configuration)
        mlp = try GatedMLP(weights / "mlp", sizes, bias: configuration.mlpBias)
        attentionNorm = try norm("input_layernorm")
        mlpNorm = try norm("post_attention_layernorm")
        outline = BlockOutline(
            onTokens: [attention.projections.linears],
            onRows: [[attention.output], mlp.gateAndUp.linears, [mlp.down]],
            // The norm's input, query, key and value; then the norm's input, gate and up.
            keptByToken: sizes.hiddenSize + sizes.queryWidth + 2 * sizes.keyWidth,
            keptByRow: sizes.hiddenSize + 2 * sizes.intermediateSize
        )
    }

    func callAsFunction(_ x: Tensor, _ pass: DecoderPass) -> Tensor {
        let x = pass.outputRows(of: x) + attention(attentionNorm(x), pass)  // [rows, hidden]
        return x + mlp(mlpNorm(x))
    }
}
