import Foundation
import JSON
import TensorFiles

/// The sizes and settings of a decoder, as a checkpoint states them.
public struct ModelConfiguration: Equatable, Sendable {
    /// The family's name: `model_type` of `config.json`, `general.architecture` of GGUF.
    public var family: String
    /// Tokens in the vocabulary.
    public var vocabularySize: Int
    /// Width of the hidden states.
    public var hiddenSize: Int
    /// Width inside the MLP.
    public var intermediateSize: Int
    /// Number of blocks.
    public var layerCount: Int
    /// Number of query heads.
    public var headCount: Int
    /// Number of key and value heads; divides `headCount`.
    public var keyHeadCount: Int
    /// Width of a head; even.
    public var headSize: Int
    /// Added to the mean square in norms.
    public var normEpsilon: Double
    /// Base of the rotary frequencies.
    public var ropeTheta: Double
    /// How the rotary frequencies are changed for long contexts.
    public var ropeScaling: RotaryScaling
    /// The longest sequence the model computes rightly, in tokens.
    public var maximumLength: Int
    /// Whether the head is the embedding table.
    public var tiesEmbeddings: Bool
    /// Whether the attention projections have biases.
    public var attentionBias: Bool
    /// Whether the MLP projections have biases.
    public var mlpBias: Bool
}

extension ModelConfiguration {
    /// Reads a Hugging Face `config.json`, in the spellings of Transformers 4 and 5.
    ///
    /// - Throws: `JSONError` that names file, key, expected and found.
    public init(contentsOf url: URL) throws {
        let file = try JSONNode(contentsOf: url)
        let family = try file.required("model_type")
        self.family = try family.string()
        guard ModelFamily.all[self.family] != nil else {
            throw family.unsupported(self.family, ModelFamily.all.keys.sorted())
        }
        if let activation = try file.member("hidden_act"), try activation.string() != "silu" {
            throw activation.unsupported(try activation.string(), ["silu"])
        }
        hiddenSize = try file.positive("hidden_size")
        vocabularySize = try file.positive("vocab_size")
        intermediateSize = try file.positive("intermediate_size")
        layerCount = try file.positive("num_hidden_layers")
        headCount = try file.positive("num_attention_heads")
        keyHeadCount = try file.positive("num_key_value_heads", default: headCount)
        headSize = try file.positive("head_dim", default: max(1, hiddenSize / headCount))
        normEpsilon = try file.member("rms_norm_eps")?.number() ?? 1e-6
        // Transformers 5 gathers the rotary settings in one object.
        let rope = try file.member("rope_parameters")
        ropeTheta =
            try (rope?.member("rope_theta") ?? file.member("rope_theta"))?.number() ?? 10_000
        ropeScaling = try RotaryScaling(rope ?? file.member("rope_scaling"))
        let positions = try file.positive("max_position_embeddings", default: 2048)
        // Attention outside a sliding window is not computed, so sequences must fit into it.
        maximumLength = min(
            positions,
            try file.member("sliding_window") != nil ? file.positive("sliding_window") : positions
        )
        tiesEmbeddings = try file.member("tie_word_embeddings")?.boolean() ?? false
        attentionBias = try file.member("attention_bias")?.boolean() ?? false
        mlpBias = try file.member("mlp_bias")?.boolean() ?? false
        try validate(file: url.path)
    }

    /// Reads the metadata of a GGUF file of the `llama` architecture.
    ///
    /// - Throws: `TensorFileError` or ``ModelError`` that name file, key, expected and found.
    init(_ file: GGUF) throws {
        let name = file.url.path
        family = try file.string("general.architecture")
        guard family == "llama" else {
            throw ModelError.unsupported(
                file: name,
                key: "general.architecture",
                found: family,
                supported: "llama"
            )
        }
        func size(_ key: String) throws -> Int { try file.integer("llama." + key) }
        hiddenSize = try size("embedding_length")
        intermediateSize = try size("feed_forward_length")
        layerCount = try size("block_count")
        headCount = try size("attention.head_count")
        keyHeadCount = try file.integerIfPresent("llama.attention.head_count_kv") ?? headCount
        headSize =
            try file.integerIfPresent("llama.attention.key_length")
            ?? file.integerIfPresent("llama.rope.dimension_count")
            ?? max(1, hiddenSize / max(1, headCount))
        normEpsilon = try file.double("llama.attention.layer_norm_rms_epsilon")
        ropeTheta = try file.doubleIfPresent("llama.rope.freq_base") ?? 10_000
        ropeScaling = try RotaryScaling(file)
        maximumLength = try size("context_length")
        tiesEmbeddings = file.tensors["output.weight"] == nil
        attentionBias = file.tensors["blk.0.attn_q.bias"] != nil
        mlpBias = file.tensors["blk.0.ffn_up.bias"] != nil
        vocabularySize = file.tensors["token_embd.weight"]?.shape.first ?? 0
        try validate(file: name)
    }

    /// Checks what no single value shows: that heads divide and sizes are usable.
    private func validate(file: String) throws {
        func check(_ holds: Bool, _ key: String, _ expected: String, _ found: Any) throws {
            if holds { return }
            throw ModelError.configuration(
                file: file,
                key: key,
                expected: expected,
                found: "\(found)"
            )
        }
        let sizes = [
            ("hidden size", hiddenSize), ("vocabulary size", vocabularySize),
            ("intermediate size", intermediateSize), ("layer count", layerCount),
            ("head count", headCount), ("key head count", keyHeadCount),
            ("maximum length", maximumLength),
        ]
        for (key, value) in sizes {
            try check(value > 0, key, "a positive integer", value)
            try check(value <= 1 << 30, key, "at most \(1 << 30)", value)
        }
        try check(
            headCount.isMultiple(of: keyHeadCount),
            "key head count",
            "a divisor of the \(headCount) query heads",
            keyHeadCount
        )
        try check(
            headSize > 0 && headSize.isMultiple(of: 2),
            "head size",
            "a positive even number",
            headSize
        )
        try check(normEpsilon >= 0, "norm epsilon", "a number of at least 0", normEpsilon)
        try check(ropeTheta > 0, "rope theta", "a positive number", ropeTheta)
    }
}

extension JSONNode {
    /// A positive integer member; `fallback` when it is missing or null.
    fileprivate func positive(_ name: String, default fallback: Int? = nil) throws -> Int {
        guard let node = try member(name) else {
            guard let fallback else { return try required(name).integer() }
            return fallback
        }
        let value = try node.integer()
        guard value > 0 else { throw node.invalid(expected: "a positive integer") }
        return value
    }
}

extension RotaryScaling {
    /// Reads `rope_scaling` or `rope_parameters` of a `config.json`.
    fileprivate init(_ node: JSONNode?) throws {
        guard let node, let type = try node.member("rope_type") ?? node.member("type") else {
            self = .none
            return
        }
        switch try type.string() {
        case "default": self = .none
        case "linear": self = .linear(factor: try node.required("factor").number())
        case "llama3":
            self = .llama3(
                factor: try node.required("factor").number(),
                lowFrequencyFactor: try node.required("low_freq_factor").number(),
                highFrequencyFactor: try node.required("high_freq_factor").number(),
                originalMaximumLength: try node.required("original_max_position_embeddings")
                    .integer()
            )
        case let other: throw type.unsupported(other, ["default", "linear", "llama3"])
        }
    }

    /// Reads `llama.rope.scaling.*`; Llama 3's own scaling is stored as a tensor of divisors.
    fileprivate init(_ file: GGUF) throws {
        switch try file.stringIfPresent("llama.rope.scaling.type") {
        case nil, "none": self = .none
        case "linear": self = .linear(factor: try file.double("llama.rope.scaling.factor"))
        case .some(let other):
            throw ModelError.unsupported(
                file: file.url.path,
                key: "llama.rope.scaling.type",
                found: other,
                supported: "none, linear"
            )
        }
    }
}
