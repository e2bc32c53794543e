import Torch

// The Qwen2 family, Qwen2.5 included: Llama with biases on query, key and value and nowhere else
// (arXiv 2407.10671).

/// The settings of a Qwen2.
struct Qwen2Configuration: ModelConfiguration {
    var sizes: DecoderSizes
    /// Added to the mean square in norms.
    let normEpsilon: Double
    let rotary: RotarySettings

    static let modelTypes = ["qwen2"]

    static let gguf = GGUFLayout(
        architecture: "qwen2",
        layers: [
            "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
            "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
            "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
            "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
        ]
    )

    init(_ settings: CheckpointSettings) throws {
        sizes = try DecoderSizes(settings, keyHeads: 32)
        sizes.fit(intoWindow: try Self.window(settings, layers: sizes.layerCount))
        normEpsilon = try settings.positiveNumber("rms_norm_eps") ?? 1e-6
        rotary = try RotarySettings(settings)
        _ = try settings.choice("hidden_act", of: ["silu", "swish"])
    }

    /// The window of some block: of those from the `max_window_layers`-th on, unless a list says of
    /// which; released files name one and do not use it.
    private static func window(_ settings: CheckpointSettings, layers: Int) throws -> Int? {
        let isUsed = try settings.boolean("use_sliding_window") ?? false
        let kinds = try settings.texts("layer_types")
        let first = try settings.integer("max_window_layers") ?? 28
        var hasWindow = kinds.isEmpty && first < layers
        for kind in kinds {
            let name = try kind.string()
            guard name == "full_attention" || name == "sliding_attention" && isUsed else {
                throw kind.unsupported(name, ["full_attention"])
            }
            hasWindow = hasWindow || name == "sliding_attention"
        }
        return isUsed && hasWindow ? try settings.size("sliding_window", orElse: 4096) : nil
    }

    func model(_ weights: WeightScope) throws -> any CausalLanguageModel {
        try Decoder(weights, sizes, normEpsilon: normEpsilon, rotary: rotary) {
            try Qwen2Block($0, self)
        }
    }
}

/// Attention over the tokens of a packed batch.
private struct Qwen2Attention {
    let projections: LinearGroup  // query, key, value
    let output: Linear
    private let sizes: DecoderSizes

    init(_ weights: WeightScope, _ sizes: DecoderSizes) throws {
        self.sizes = sizes
        projections = try LinearGroup(
            weights,
            [("q_proj", sizes.queryWidth), ("k_proj", sizes.keyWidth), ("v_proj", sizes.keyWidth)],
            input: sizes.hiddenSize,
            bias: true
        )
        output = try Linear(
            weights / "o_proj",
            input: sizes.queryWidth,
            output: sizes.hiddenSize,
            bias: false
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

private struct Qwen2Block: DecoderBlock {
    private let attention: Qwen2Attention
    private let mlp: GatedMLP
    private let attentionNorm: RMSNorm
    private let mlpNorm: RMSNorm
    let outline: BlockOutline

    init(_ weights: WeightScope, _ configuration: Qwen2Configuration) throws {
        let sizes = configuration.sizes
        func norm(_ name: String) throws -> RMSNorm {
            try RMSNorm(weights / name, sizes.hiddenSize, epsilon: configuration.normEpsilon)
        }
        attention = try Qwen2Attention(weights / "self_attn", sizes)
        mlp = try GatedMLP(weights / "mlp", sizes, bias: false)
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
