import JSON
import TensorFiles

/// The settings of a checkpoint under their names in Hugging Face's `config.json`, read from such a
/// file, in the spellings of Transformers 4 and 5, or from the metadata of a GGUF file.
struct CheckpointSettings {
    /// The file.
    let file: String
    /// The model's type, as the file calls it.
    let modelType: String
    private let source: Source
    /// Where a model that is a part of another one says whether tables are tied.
    private var whole: JSONNode?
    /// The kind of blocks whose rotary settings are read, where a file has some of each.
    private var kind: String?
    /// The key of the base of blocks that see a window, in files that name no kinds; nil where it
    /// is that of all blocks.
    private var slidingBase: String?

    private enum Source {
        case json(JSONNode)
        case gguf(GGUFWeights)
    }

    /// The settings of a `config.json`, or of a part of one, `whole`.
    init(_ root: JSONNode, in whole: JSONNode, modelType: String) {
        file = root.file
        self.whole = whole
        self.modelType = modelType
        source = .json(root)
    }

    /// The settings of a GGUF file.
    init(_ weights: GGUFWeights, modelType: String) {
        file = weights.file
        self.modelType = modelType
        source = .gguf(weights)
    }

    private static let sliding = "sliding_attention"

    /// The settings with the rotary ones of blocks that see all, and of those that see a window.
    ///
    /// `slidingBase` is the older key of the latter's base where they have one of their own.
    func ofKinds(
        slidingBase: String? = nil
    ) -> (full: CheckpointSettings, sliding: CheckpointSettings) {
        var (full, sliding) = (self, self)
        (full.kind, sliding.kind) = ("full_attention", Self.sliding)
        sliding.slidingBase = slidingBase
        return (full, sliding)
    }

    /// Where a `config.json` has a setting, as Transformers 5.23 looks for it.
    private func node(_ name: String, in root: JSONNode) throws -> JSONNode? {
        switch name {
        case "tie_word_embeddings": return try (whole ?? root).member(name)
        case "rope_theta":
            return try rotary(root)?.member(name) ?? root.member(slidingBase ?? name)
        case "rope_type":
            let rotary = try rotary(root)
            return try rotary?.member(name) ?? rotary?.member("type")
        case "factor", "low_freq_factor", "high_freq_factor", "beta_fast", "beta_slow", "truncate",
            "mscale", "mscale_all_dim", "attention_factor", "short_factor":
            return try rotary(root)?.member(name)
        case "rotary_size": return nil  // of GGUF alone
        case "partial_rotary_factor": return try rotary(root)?.member(name) ?? root.member(name)
        case "original_max_position_embeddings":
            return try root.member(name) ?? rotary(root)?.member(name)
                ?? root.member("max_position_embeddings")
        default: return try root.member(name)
        }
    }

    /// The rotary settings: the older key comes before the newer one, and an empty object is none.
    private func rotary(_ root: JSONNode) throws -> JSONNode? {
        for key in ["rope_scaling", "rope_parameters"] {
            guard let node = try root.member(key), let first = try node.members().first else {
                continue
            }
            if case .object = first.value {
                if let kind { return try node.member(kind) }
                throw node.invalid(expected: "settings of all blocks", found: "some of each kind")
            }
            // The older key knows no kinds: it is for the blocks that see all.
            return kind == Self.sliding && key == "rope_scaling" ? nil : node
        }
        return nil
    }

    /// GGUF's keys of a setting behind the architecture, and whether every file must have one.
    ///
    /// Source: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.
    private static let keys: [String: (names: [String], isRequired: Bool)] = [
        "hidden_size": (["embedding_length"], true),
        "intermediate_size": (["feed_forward_length"], true),
        "num_hidden_layers": (["block_count"], true),
        "num_attention_heads": (["attention.head_count"], true),
        "num_key_value_heads": (["attention.head_count_kv"], false),
        "head_dim": (["attention.key_length", "rope.dimension_count"], false),
        "max_position_embeddings": (["context_length"], true),
        "sliding_window": (["attention.sliding_window"], false),
        "rms_norm_eps": (["attention.layer_norm_rms_epsilon"], true),
        "rope_theta": (["rope.freq_base"], false),
        "rotary_size": (["rope.dimension_count"], false),
        "rope_type": (["rope.scaling.type"], false),
        "factor": (["rope.scaling.factor", "rope.scale_linear"], false),
        "original_max_position_embeddings": (["rope.scaling.original_context_length"], false),
        "attention_factor": (["rope.scaling.attn_factor"], false),
        "beta_fast": (["rope.scaling.yarn_beta_fast"], false),
        "beta_slow": (["rope.scaling.yarn_beta_slow"], false),
        "mscale_all_dim": (["rope.scaling.yarn_log_multiplier"], false),
        "yarn_attention_factor": (["rope.scaling.yarn_attn_factor"], false),
        "yarn_extrapolation_factor": (["rope.scaling.yarn_ext_factor"], false),
        "embedding_multiplier": (["embedding_scale"], true),
        "attention_multiplier": (["attention.scale"], true),
        "residual_multiplier": (["residual_scale"], true),
        "logits_scaling": (["logit_scale"], true),
        "attn_logit_softcapping": (["attn_logit_softcapping"], false),
        "final_logit_softcapping": (["final_logit_softcapping"], false),
        "nextn_predict_layers": (["nextn_predict_layers"], false),
        "linear_conv_kernel_dim": (["ssm.conv_kernel"], true),
        "linear_num_key_heads": (["ssm.group_count"], true),
        "linear_num_value_heads": (["ssm.time_step_rank"], true),
        "linear_key_head_dim": (["ssm.state_size"], true),
        "linear_value_head_dim": (["ssm.state_size"], true),
    ]

    /// GGUF's tensors of lists.
    private static let tensors = ["short_factor": RotaryEmbedding.shortFactors]

    /// A setting where it stands; nil where it is missing or null.
    private enum Place {
        case json(JSONNode)
        case gguf(GGUF, key: String)
    }

    private func place(of name: String) throws -> Place? {
        switch source {
        case .json(let root): return try node(name, in: root).map { .json($0) }
        case .gguf(let weights):
            guard let (names, isRequired) = keys(of: name) else { return nil }
            let keys = names.map { "\(weights.layout.architecture).\($0)" }
            let found = keys.first { weights.archive.metadata[$0] != nil }
            return (found ?? (isRequired ? keys[0] : nil)).map { .gguf(weights.archive, key: $0) }
        }
    }

    /// GGUF's keys of a setting.
    ///
    /// Positions of blocks that see a window are scaled in no family, and a base of their own is
    /// under another key (llama.cpp, `rope_freq_base_train_swa`).
    private func keys(of name: String) -> (names: [String], isRequired: Bool)? {
        guard kind == Self.sliding else { return Self.keys[name] }
        switch name {
        case "rope_type", "factor": return nil
        case "rope_theta" where slidingBase != nil: return (["rope.freq_base_swa"], false)
        default: return Self.keys[name]
        }
    }

    /// An integer.
    func integer(_ name: String) throws -> Int? {
        switch try place(of: name) {
        case nil: nil
        case .json(let node): try Self.integer(node)
        case .gguf(let archive, let key): try archive.integer(key)
        }
    }

    /// An integer, which may be written as `32.0`.
    private static func integer(_ node: JSONNode) throws -> Int {
        guard case .number(let number) = node.value, let whole = Int(exactly: number) else {
            return try node.integer()
        }
        return whole
    }

    /// A finite number.
    func number(_ name: String) throws -> Double? {
        switch try place(of: name) {
        case nil: nil
        case .json(let node): try node.number()
        case .gguf(let archive, let key): try archive.double(key)
        }
    }

    /// True or false; only a `config.json` has such settings.
    func boolean(_ name: String) throws -> Bool? {
        guard case .json(let node) = try place(of: name) else { return nil }
        return try node.boolean()
    }

    /// The first `count` of a list of numbers, which GGUF files have as tensors; nil where there is
    /// no such list.
    func numbers(_ name: String, count: Int) throws -> [Double]? {
        if case .gguf(let weights) = source {
            return try Self.tensors[name].flatMap { try weights.numbers($0, count: count) }
        }
        guard case .json(let node) = try place(of: name) else { return nil }
        let numbers = try node.elements().map { try $0.number() }
        guard numbers.count >= count else {
            throw node.invalid(expected: "\(count) numbers", found: "\(numbers.count)")
        }
        return Array(numbers.prefix(count))
    }

    /// The window of each block, nil where it sees all: of those that `layer_types` calls sliding,
    /// or, without such a list, for which `slides` says so by their number.
    func windows(_ window: Int?, layers: Int, orElse slides: (Int) -> Bool) throws -> [Int?] {
        let kinds = try texts("layer_types")
        return try (0..<layers).map { layer in
            guard kinds.indices.contains(layer) else { return slides(layer) ? window : nil }
            let kind = try kinds[layer].string()
            let known = ["full_attention"] + (window == nil ? [] : [Self.sliding])
            guard known.contains(kind) else { throw kinds[layer].unsupported(kind, known) }
            return kind == Self.sliding ? window : nil
        }
    }

    /// A text, which must be one of `supported`.
    func choice(_ name: String, of supported: [String]) throws -> String? {
        switch try place(of: name) {
        case nil: return nil
        case .json(let node):
            let text = try node.string()
            guard supported.contains(text) else { throw node.unsupported(text, supported) }
            return text
        case .gguf(let archive, let key):
            let text = try archive.string(key)
            guard supported.contains(text) else {
                throw ModelError.unsupported(
                    file: file,
                    key: key,
                    found: text,
                    supported: supported.joined(separator: ", ")
                )
            }
            return text
        }
    }

    /// A positive integer; nil where it is not there.
    func sizeIfPresent(_ name: String, upTo most: Int = 1 << 30) throws -> Int? {
        guard let value = try integer(name) else { return nil }
        guard (1...most).contains(value) else {
            throw try invalid(name, expected: "an integer from 1 to \(most)", found: "\(value)")
        }
        return value
    }

    /// A positive integer; `standard` where a `config.json` does not name it, and nil where it is
    /// null there.
    func size(_ name: String, orElse standard: Int?) throws -> Int? {
        try isNamed(name) ? sizeIfPresent(name) : standard
    }

    /// A positive number, in the same way.
    func number(_ name: String, orElse standard: Double?) throws -> Double? {
        try isNamed(name) ? positiveNumber(name) : standard
    }

    /// Whether a `config.json` has the key, with null, too; a GGUF file counts as having all.
    private func isNamed(_ name: String) throws -> Bool {
        guard case .json(let root) = source else { return true }
        return try root.members().contains { $0.key == name }
    }

    /// The texts of a list; none where it is not there.
    func texts(_ name: String) throws -> [JSONNode] {
        guard case .json(let node) = try place(of: name) else { return [] }
        return try node.elements()
    }

    /// A positive integer, which must be there.
    func size(_ name: String, upTo most: Int = 1 << 30) throws -> Int {
        try required(name, sizeIfPresent(name, upTo: most))
    }

    /// A positive number; nil where it is not there.
    func positiveNumber(_ name: String) throws -> Double? {
        guard let value = try number(name) else { return nil }
        guard value > 0 else {
            throw try invalid(name, expected: "a positive number", found: "\(value)")
        }
        return value
    }

    /// A value that must be there.
    func required<Value>(_ name: String, _ value: Value?) throws -> Value {
        if let value { return value }
        if case .json(let root) = source {
            throw root.invalid(expected: "a value for \"\(name)\"", found: "none")
        }
        let key = Self.keys[name].map { "\(modelType).\($0.names[0])" }
        throw TensorFileError.missingKey(file: file, key: key ?? name)
    }

    /// The error that a setting is not as expected.
    func invalid(_ name: String, expected: String, found: String) throws -> any Error {
        switch try place(of: name) {
        case .json(let node): node.invalid(expected: expected, found: found)
        case .gguf(_, let key):
            ModelError.configuration(file: file, key: key, expected: expected, found: found)
        case nil:
            ModelError.configuration(file: file, key: name, expected: expected, found: found)
        }
    }

    /// What scales the rotary frequencies of a file that does not say it.
    var standardRotaryType: String {
        get throws {
            // As llama.cpp reads GGUF files. A `config.json` without a type has no scaling.
            guard case .gguf(let weights) = source else { return "default" }
            if weights.tensors[RotaryEmbedding.shortFactors] != nil { return "longrope" }
            return try [nil, 1].contains(number("factor")) ? "default" : "linear"
        }
    }

    /// Whether the file is a GGUF file, which names no family apart from Llama's.
    var isGGUF: Bool { if case .gguf = source { true } else { false } }

    /// Number of rows of a tensor of a GGUF file, 0 where it is not there; nil for a `config.json`,
    /// which has settings for what GGUF shows by its tensors.
    func rows(of tensor: String) -> Int? {
        guard case .gguf(let weights) = source else { return nil }
        return weights.tensors[tensor]?.shape.first ?? 0
    }
}

extension DecoderSizes {
    /// Reads the sizes that every family states in the same way; `tiesEmbeddings` and `headSize`
    /// hold where the settings say nothing.
    ///
    /// `keyHeads` is the number of key heads where a `config.json` does not name it; without one it
    /// is that of the query heads.
    ///
    /// - Throws: an error that names file, key, expected and found.
    init(
        _ settings: CheckpointSettings,
        tiesEmbeddings tiesByDefault: Bool = false,
        keyHeads: Int? = nil,
        headSize usualHeadSize: Int? = nil
    ) throws {
        vocabularySize =
            try settings.rows(of: "model.embed_tokens.weight") ?? settings.size("vocab_size")
        hiddenSize = try settings.size("hidden_size")
        intermediateSize = try settings.size("intermediate_size")
        // Families list what they have of each.
        layerCount = try settings.size("num_hidden_layers", upTo: 10_000)
        headCount = try settings.size("num_attention_heads")
        keyHeadCount = try settings.size("num_key_value_heads", orElse: keyHeads) ?? headCount
        headSize =
            try settings.sizeIfPresent("head_dim") ?? usualHeadSize
            ?? max(1, hiddenSize / headCount)
        maximumLength = try settings.sizeIfPresent("max_position_embeddings") ?? 2048
        tiesEmbeddings =
            try settings.rows(of: "lm_head.weight").map { $0 == 0 }
            ?? settings.boolean("tie_word_embeddings") ?? tiesByDefault
        func check(_ holds: Bool, _ key: String, _ expected: String, _ found: Int) throws {
            if holds { return }
            throw ModelError.configuration(
                file: settings.file,
                key: key,
                expected: expected,
                found: "\(found)"
            )
        }
        let divisor = "a divisor of the \(headCount) query heads"
        try check(headCount.isMultiple(of: keyHeadCount), "key head count", divisor, keyHeadCount)
        let isHead = headSize.isMultiple(of: 2) && headSize <= 1 << 16
        try check(isHead, "head size", "a positive even number up to \(1 << 16)", headSize)
        try check(vocabularySize > 0, "vocabulary size", "a positive integer", vocabularySize)
    }
}
