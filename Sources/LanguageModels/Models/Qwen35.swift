// Qwen3.5: blocks of linear attention by a gated delta rule, and every fourth one of attention with
// a gate, of which a quarter of each head rotates (Qwen3-Next; arXiv 2412.06464, 2505.06708).

import TensorFiles
import Torch

/// The settings of a Qwen3.5.
struct Qwen35Configuration: ModelConfiguration {
    var sizes: DecoderSizes
    /// Added to the mean square in norms.
    let normEpsilon: Double
    /// Added to the stored factors of norms: 1, but for GGUF files, where it is done already.
    let normOffset: Double
    let rotary: RotarySettings
    let delta: DeltaSizes
    /// Whether each block has attention, and not linear attention.
    var attends: [Bool]
    /// Whether the attention projections have biases.
    let attentionBias: Bool
    let isGGUF: Bool
    /// Blocks behind the last that guess several tokens at once, which some GGUF files have.
    let blocksAhead: Range<Int>

    static let modelTypes = ["qwen3_5_text"]

    static let gguf = GGUFLayout(
        "qwen35",
        interleaved: false,
        others: [
            "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm",
            "post_attention_norm": "post_attention_layernorm",
            "attn_qkv": "linear_attn.in_proj_qkv", "attn_gate": "linear_attn.in_proj_z",
            "ssm_beta": "linear_attn.in_proj_b", "ssm_alpha": "linear_attn.in_proj_a",
            "ssm_conv1d": "linear_attn.conv1d", "ssm_norm": "linear_attn.norm",
            "ssm_out": "linear_attn.out_proj", "ssm_a": "linear_attn.A",
            "ssm_dt.bias": "linear_attn.dt_bias",
        ],
        ordered: valueHeadsInOrder
    )

    init(_ settings: CheckpointSettings) throws {
        sizes = try DecoderSizes(settings, keyHeads: 4, headSize: 256)
        let ahead = settings.isGGUF ? try settings.integer("nextn_predict_layers") ?? 0 : 0
        guard (0..<sizes.layerCount).contains(ahead) else {
            throw try settings.invalid(
                "nextn_predict_layers",
                expected: "less than the \(sizes.layerCount) blocks",
                found: "\(ahead)"
            )
        }
        sizes.layerCount -= ahead
        blocksAhead = sizes.layerCount..<sizes.layerCount + ahead
        normEpsilon = try settings.positiveNumber("rms_norm_eps") ?? 1e-6
        isGGUF = settings.isGGUF
        normOffset = isGGUF ? 0 : 1
        rotary = try RotarySettings(settings, sizes, share: 0.25)
        delta = try DeltaSizes(settings)
        attends = try settings.attends(layers: sizes.layerCount)
        attentionBias = try settings.boolean("attention_bias") ?? false
        _ = try settings.choice("hidden_act", of: ["silu", "swish"])
    }

    var kinds: (sample: Self, counts: [Int]) {
        let own = attends.prefix(sizes.layerCount)
        guard let last = own.last else { return (self, []) }
        var sample = self
        sample.attends = [!last, last].filter(own.contains)
        sample.sizes.layerCount = sample.attends.count
        return (sample, sample.attends.map { kind in own.count { $0 == kind } })
    }

    func model(_ weights: WeightScope) throws -> any CausalLanguageModel {
        let rotary = try RotaryEmbedding(rotary, weights)
        let ends = DecoderEnds(normOffset: normOffset)
        for number in blocksAhead {
            (weights / "model.layers.\(number)").leaveOut()
            (weights / "blk.\(number)").leaveOut()
        }
        return try Decoder(weights, sizes, normEpsilon: normEpsilon, ends: ends) { place, number in
            try NormedBlock(
                sizes,
                attends[number]
                    ? attention(place / "self_attn", rotary)
                    : linearAttention(place / "linear_attn"),
                GatedMLP(place / "mlp", sizes, bias: false),
                .inFront(place, sizes, epsilon: normEpsilon, offset: normOffset)
            )
        }
    }

    private func attention(
        _ place: WeightScope,
        _ rotary: RotaryEmbedding
    ) throws -> any TokenMixer {
        func norm(_ name: String) throws -> RMSNorm {
            try RMSNorm(place / name, sizes.headSize, epsilon: normEpsilon, offset: normOffset)
        }
        return try SelfAttention(
            place,
            sizes,
            bias: (attentionBias, attentionBias),
            norms: (norm("q_norm"), norm("k_norm")),
            AttentionRule(rotary: rotary, isGated: true)
        )
    }

    private func linearAttention(_ place: WeightScope) throws -> any TokenMixer {
        let (heads, channels) = (delta.valueHeadCount, delta.channels)
        // GGUF files have what the other checkpoints have the logarithm of, less than 0.
        let rate =
            isGGUF
            ? try place.tensor("A", [heads])
            : try place.tensor("A_log", [heads]).exponential() * -1
        let shape = isGGUF ? [channels, delta.taps] : [channels, 1, delta.taps]
        return try GatedDeltaNet(
            place,
            delta,
            hidden: sizes.hiddenSize,
            epsilon: normEpsilon,
            convolution: (place / "conv1d").tensor("weight", shape)
                .reshaped([channels, delta.taps]),
            rate: rate,
            step: place.tensor("dt_bias", [heads])
        )
    }

    /// A tensor of a GGUF file with the value heads of each key head side by side; there the first
    /// of each come first, then the second.
    private static func valueHeadsInOrder(
        _ x: Tensor,
        _ name: String,
        _ archive: GGUF
    ) throws -> Tensor {
        guard let layer = name.split(separator: ".").first(where: reordered.contains) else {
            return x
        }
        let heads = try archive.integer("qwen35.ssm.time_step_rank")
        let keyHeads = try archive.integer("qwen35.ssm.group_count")
        let size = try archive.integer("qwen35.ssm.state_size")
        func ordered(_ rows: Tensor) -> Tensor {
            rows.reshaped([heads / keyHeads, keyHeads, -1]).transposed(0, 1).reshaped(rows.shape)
        }
        switch layer {
        case "out_proj": return ordered(x.transposed(0, 1)).transposed(0, 1).rowMajor
        case "in_proj_qkv", "conv1d":
            let parts = x.split([2 * keyHeads * size, heads * size], along: 0)
            return .concatenated([parts[0], ordered(parts[1])], along: 0)
        default: return ordered(x)
        }
    }

    private static let reordered: Set<Substring> = [
        "in_proj_qkv", "in_proj_z", "in_proj_b", "in_proj_a", "conv1d", "A", "dt_bias", "out_proj",
    ]
}

extension DeltaSizes {
    /// Reads the sizes of linear attention.
    ///
    /// - Throws: an error that names file, key, expected and found.
    fileprivate init(_ settings: CheckpointSettings) throws {
        keyHeadCount = try settings.sizeIfPresent("linear_num_key_heads") ?? 16
        keySize = try settings.sizeIfPresent("linear_key_head_dim") ?? 128
        valueHeadCount = try settings.sizeIfPresent("linear_num_value_heads") ?? 32
        valueSize = try settings.sizeIfPresent("linear_value_head_dim") ?? 128
        taps = try settings.sizeIfPresent("linear_conv_kernel_dim") ?? 4
        guard valueHeadCount.isMultiple(of: keyHeadCount) else {
            throw try settings.invalid(
                "linear_num_value_heads",
                expected: "a multiple of the \(keyHeadCount) key heads",
                found: "\(valueHeadCount)"
            )
        }
    }
}

extension CheckpointSettings {
    /// Whether each block has attention: where a GGUF file has its query layer, as `layer_types`
    /// says, or every so many.
    fileprivate func attends(layers: Int) throws -> [Bool] {
        if isGGUF {
            return (0..<layers).map {
                rows(of: "model.layers.\($0).self_attn.q_proj.weight").map { $0 > 0 } ?? false
            }
        }
        let types = try texts("layer_types")
        let known = ["linear_attention", "full_attention"]
        guard !types.isEmpty else {
            let interval = try sizeIfPresent("full_attention_interval") ?? 4
            return (1...layers).map { $0.isMultiple(of: interval) }
        }
        guard types.count >= layers else {
            throw try invalid(
                "layer_types",
                expected: "\(layers) texts",
                found: "\(types.count)"
            )
        }
        return try types.prefix(layers).map { node in
            let kind = try node.string()
            guard known.contains(kind) else { throw node.unsupported(kind, known) }
            return kind == known[1]
        }
    }
}
