import JSON
import TensorFiles
import Torch

/// The model families: a row for each.
enum ModelFamily {
    static let all: [any ModelConfiguration.Type] = [
        Gemma2Configuration.self,
        Gemma3Configuration.self,
        GraniteConfiguration.self,
        LlamaConfiguration.self,
        Ministral3Configuration.self,
        Olmo2Configuration.self,
        Phi3Configuration.self,
        Qwen2Configuration.self,
        Qwen3Configuration.self,
        Qwen35Configuration.self,
        SmolLM3Configuration.self,
    ]

    /// The model type that a `config.json` names; without one, that of its first architecture, such
    /// as `LlamaForCausalLM`.
    static func modelType(_ root: JSONNode) throws -> String {
        let classes = try root.member("architectures")?.elements()
        guard try root.member("model_type") == nil, let first = try classes?.first?.string() else {
            return try root.required("model_type").string()
        }
        return first.split(separator: "For").first.map { $0.lowercased() } ?? first
    }

    /// Types of models that see images, too, and have the settings of a language model inside.
    private static let wrappers = ["gemma3", "mistral3", "qwen3_5"]

    /// Whether the language model is a part of a larger model.
    static func isWrapper(_ root: JSONNode) throws -> Bool {
        try wrappers.contains(modelType(root))
    }

    /// The settings of the language model.
    static func languageModel(_ root: JSONNode) throws -> JSONNode {
        try isWrapper(root) ? root.required("text_config") : root
    }

    /// The settings that a `config.json` has.
    static func configuration(_ whole: JSONNode) throws -> any ModelConfiguration {
        try Quantization.refuse(whole)
        let root = try languageModel(whole)
        let name = try modelType(root)
        guard let family = all.first(where: { $0.modelTypes.contains(name) }) else {
            let node = try root.member("model_type") ?? root.required("architectures")
            throw node.unsupported(name, all.flatMap { $0.modelTypes }.sorted())
        }
        if let layers = try root.member("per_layer_config"), !(try layers.members().isEmpty) {
            throw layers.invalid(expected: "none: all blocks are alike here")
        }
        return try family.init(CheckpointSettings(root, in: whole, modelType: name))
    }

    /// The settings and the weights that a GGUF file has.
    static func configuration(
        _ archive: GGUF
    ) throws -> (any ModelConfiguration, any WeightSource) {
        try refusePart(archive)
        let key = "general.architecture"
        let name = try archive.string(key)
        guard let family = all.first(where: { $0.gguf.architecture == name }) else {
            throw ModelError.unsupported(
                file: archive.url.path,
                key: key,
                found: name,
                supported: all.map { $0.gguf.architecture }.sorted().joined(separator: ", ")
            )
        }
        let weights = GGUFWeights(archive, family.gguf)
        return (try family.init(CheckpointSettings(weights, modelType: name)), weights)
    }
}

extension ModelFamily {
    /// Refuses files that are not a whole model.
    private static func refusePart(_ archive: GGUF) throws {
        if let parts = try archive.integerIfPresent("split.count"), parts > 1 {
            throw ModelError.unsupported(
                file: archive.url.path,
                key: "split.count",
                found: "\(parts)",
                supported: "1: a whole model, as llama-gguf-split --merge makes of its parts"
            )
        }
        let kind = try archive.stringIfPresent("general.type") ?? "model"
        guard kind == "model" else {
            throw ModelError.unsupported(
                file: archive.url.path,
                key: "general.type",
                found: kind,
                supported: "model"
            )
        }
    }
}

extension DecoderSizes {
    /// The sizes that a `config.json` states, when all of its settings can be used.
    package init(configuration root: JSONNode) throws {
        self = try ModelFamily.configuration(root).sizes
    }
}

/// The settings of a decoder of one family; each family is one file and one row of
/// ``ModelFamily/all``.
protocol ModelConfiguration: Equatable, Sendable {
    /// What `config.json` calls the family: `model_type`.
    static var modelTypes: [String] { get }

    /// Where the family's GGUF files keep what.
    static var gguf: GGUFLayout { get }

    /// The sizes, which a sample of the model may change.
    var sizes: DecoderSizes { get set }

    /// The settings of a model with one block of each kind that this one has, that of its last
    /// block behind the others, and how many blocks of each kind it has.
    var kinds: (sample: Self, counts: [Int]) { get }

    /// Reads the settings of a checkpoint.
    ///
    /// - Throws: an error that names file, key, expected and found.
    init(_ settings: CheckpointSettings) throws

    /// Builds the model from the weights of a checkpoint.
    ///
    /// - Throws: ``ModelError`` for missing tensors and for shapes that disagree with the settings.
    func model(_ weights: WeightScope) throws -> any CausalLanguageModel
}

extension ModelConfiguration {
    /// Blocks that are all of one kind.
    var kinds: (sample: Self, counts: [Int]) {
        var one = self
        one.sizes.layerCount = 1
        return (one, [sizes.layerCount])
    }
}

/// Where a GGUF file has what a family's checkpoints have under other names.
///
/// Source: `gguf.constants` of gguf-py 0.19, and llama.cpp's converter for the order of rows.
struct GGUFLayout: Sendable {
    /// The family's name: `general.architecture`, and the beginning of its keys.
    let architecture: String
    /// The path of a layer in a block, by GGUF's name behind `blk.N`.
    let layers: [String: String]
    /// The key of the number of heads, by path, of layers whose rows llama.cpp's converter
    /// interleaves.
    let interleaved: [String: String]
    /// A tensor, by its name in a checkpoint, with its rows and columns as they are there.
    let ordered: @Sendable (Tensor, String, GGUF) throws -> Tensor

    /// The layers that most families have, and `others`; with the rows of query and key interleaved
    /// or as they are.
    init(
        _ architecture: String,
        interleaved: Bool,
        others: [String: String] = [:],
        ordered: @escaping @Sendable (Tensor, String, GGUF) throws -> Tensor = { x, _, _ in x }
    ) {
        self.architecture = architecture
        self.ordered = ordered
        layers = others.merging(Self.usual) { own, _ in own }
        self.interleaved =
            interleaved
            ? [
                "self_attn.q_proj": "attention.head_count",
                "self_attn.k_proj": "attention.head_count_kv",
            ] : [:]
    }

    private static let usual = [
        "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
        "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    ]
}
