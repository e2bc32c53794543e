import Foundation
import JSON
import LanguageModels
import Optimizers
import TensorFiles
import Torch

/// An adapter as PEFT stores it: `adapter_config.json` and `adapter_model.safetensors` in a folder.
public enum PEFTFolder {
    static let settingsName = "adapter_config.json"
    static let weightsName = "adapter_model.safetensors"

    /// Writes an adapter that `peft` loads: `parameters` are those of the layout, `baseModel` is
    /// what `--model` named.
    ///
    /// - Throws: `FileError` when a file cannot be written; the old files are then intact.
    public static func write(
        _ layout: LoRALayout,
        _ parameters: FlatParameters,
        baseModel: String,
        to folder: URL
    ) throws {
        let tensors = parameters.entries.map { entry in
            let values = FlatParameters.view(parameters.values, entry).floats
            return TensorToWrite(name: entry.name, shape: entry.shape, floats: values)
        }
        try checkTorch()
        try Safetensors.write(
            tensors,
            metadata: ["format": "pt"],
            to: folder.appendingPathComponent(weightsName)
        )
        try JSONFile.write(
            AdapterConfiguration(layout.settings, baseModel),
            to: folder.appendingPathComponent(settingsName)
        )
    }

    /// The files of an adapter.
    package static func files(in folder: URL) -> [URL] {
        [weightsName, settingsName].map { folder.appendingPathComponent($0) }
    }

    /// Whether a folder holds an adapter.
    public static func isAdapter(_ folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent(settingsName).path)
    }

    /// The weights of an adapter as they lie in its file.
    ///
    /// - Throws: `TensorFileError` when the file is missing or broken.
    public static func weights(in folder: URL) throws -> Safetensors {
        try Safetensors(contentsOf: folder.appendingPathComponent(weightsName))
    }

    /// Reads the settings of an adapter.
    ///
    /// Unknown keys are ignored; keys that change what an adapter computes, in ways this package
    /// does not, are refused by name.
    ///
    /// - Throws: `JSONError` or ``LoRAError`` that names file, key, expected and found.
    public static func settings(in folder: URL) throws -> LoRASettings {
        let file = try JSONNode(contentsOf: folder.appendingPathComponent(settingsName))
        try refuseOtherMaths(file)
        var settings = LoRASettings()
        settings.rank = try file.required("r").integer()
        settings.alpha = try file.required("lora_alpha").number()
        settings.dropout = try file.member("lora_dropout")?.number() ?? 0
        settings.usesRankStabilizedScale = try file.member("use_rslora")?.boolean() ?? false
        settings.targetModules = try targets(try file.required("target_modules"))
        settings.rankPattern = try pattern(file.member("rank_pattern")) { try $0.integer() }
        settings.alphaPattern = try pattern(file.member("alpha_pattern")) { try $0.number() }
        try settings.validate()
        return settings
    }

    /// Reads the weights of an adapter into the parameters of a model with the same settings.
    ///
    /// - Throws: `TensorFileError` or ``LoRAError`` for missing or surplus tensors, for other
    ///   shapes and for numbers that are not finite; the parameters are then as before.
    public static func read(_ folder: URL, into parameters: FlatParameters) throws {
        let file = try weights(in: folder)
        let name = file.url.path
        let values = try parameters.entries.map { parameter in
            guard let entry = file.entries[parameter.name] else {
                throw LoRAError.missingTensor(file: name, tensor: parameter.name)
            }
            guard entry.shape == parameter.shape, entry.elementType == .float32 else {
                throw LoRAError.mismatch(
                    file: name,
                    tensor: parameter.name,
                    expected: "F32 of shape \(parameter.shape)",
                    found: "\(entry.elementType.rawValue) of shape \(entry.shape)"
                )
            }
            let bytes = try file.bytes(of: parameter.name)
            let values = bytes.withBytes {
                Tensor(viewing: $0, shape: entry.shape, dtype: .float32, owner: bytes)
            }
            if let stray = values.floats.first(where: { !$0.isFinite }) {
                throw LoRAError.mismatch(
                    file: name,
                    tensor: parameter.name,
                    expected: "finite numbers",
                    found: "\(stray)"
                )
            }
            return values
        }
        let known = Set(parameters.entries.map(\.name))
        let surplus = file.names.filter { !known.contains($0) && !isOfBase($0, beside: known) }
        if let first = surplus.first {
            throw LoRAError.surplusTensors(file: name, first: first, count: surplus.count)
        }
        for (entry, tensor) in zip(parameters.entries, values) {
            FlatParameters.view(parameters.values, entry).copyInPlace(tensor)
        }
    }

    /// Whether a tensor is the frozen weight of an adapted layer: PEFT stores that of the head.
    private static func isOfBase(_ name: String, beside adapter: Set<String>) -> Bool {
        let suffix = ".base_layer.weight"
        let layer = name.dropLast(suffix.count)
        return name.hasSuffix(suffix) && adapter.contains(layer + ".lora_A.weight")
    }

    private static func targets(_ node: JSONNode) throws -> [String] {
        if case .string(let name) = node.value {
            guard name == "all-linear" else {
                throw node.unsupported(name, ["a list of names", "all-linear"])
            }
            return [name]
        }
        return try node.elements().map { try $0.string() }.sorted()
    }

    /// Reads a pattern; PEFT's keys are regular expressions, of which plain names are read.
    private static func pattern<Value>(
        _ node: JSONNode?,
        _ value: (JSONNode) throws -> Value
    ) throws -> [String: Value] {
        guard let node else { return [:] }
        var result: [String: Value] = [:]
        for (name, child) in try node.children() {
            guard name.allSatisfy({ $0.isLetter || $0.isNumber || "_.".contains($0) }) else {
                throw node.unsupported(name, ["layer names without regular expressions"])
            }
            result[name] = try value(child)
        }
        return result
    }

    /// Keys whose other values change what is computed, with the values that do not.
    private static func refuseOtherMaths(_ file: JSONNode) throws {
        let harmless: [(key: String, values: [JSONValue])] = [
            ("peft_type", [.string("LORA")]),
            ("task_type", [.string("CAUSAL_LM")]),
            ("bias", [.string("none")]),
            ("use_dora", [.boolean(false)]),
            ("ensure_weight_tying", [.boolean(false)]),
            ("fan_in_fan_out", [.boolean(false)]),
            ("lora_bias", [.boolean(false)]),
            ("use_qalora", [.boolean(false)]),
            ("init_lora_weights", [.boolean(true), .boolean(false), .string("gaussian")]),
            ("loftq_config", [.object([])]),
            ("modules_to_save", [.array([])]),
            ("layers_to_transform", []), ("layers_pattern", []), ("layer_replication", []),
            ("exclude_modules", [.array([])]), ("target_parameters", [.array([])]),
            ("trainable_token_indices", []), ("alora_invocation_tokens", []),
        ]
        for (key, values) in harmless {
            guard let node = try file.member(key), !values.contains(node.value) else { continue }
            throw LoRAError.unsupported(
                file: file.file,
                key: key,
                found: node.value.text,
                supported: (values.map(\.text) + ["null"]).joined(separator: ", ")
            )
        }
    }
}

/// `adapter_config.json` as PEFT 0.11 and later read it.
private struct AdapterConfiguration: Encodable {
    let settings: LoRASettings
    let baseModel: String

    init(_ settings: LoRASettings, _ baseModel: String) {
        self.settings = settings
        self.baseModel = baseModel
    }

    private enum Key: String, CodingKey {
        case alphaPattern = "alpha_pattern"
        case baseModel = "base_model_name_or_path"
        case bias
        case fanInFanOut = "fan_in_fan_out"
        case inferenceMode = "inference_mode"
        case initialWeights = "init_lora_weights"
        case alpha = "lora_alpha"
        case dropout = "lora_dropout"
        case peftType = "peft_type"
        case rank = "r"
        case rankPattern = "rank_pattern"
        case targetModules = "target_modules"
        case taskType = "task_type"
        case usesDoRA = "use_dora"
        case usesRankStabilizedScale = "use_rslora"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(settings.alphaPattern, forKey: .alphaPattern)
        try container.encode(baseModel, forKey: .baseModel)
        try container.encode("none", forKey: .bias)
        try container.encode(false, forKey: .fanInFanOut)
        try container.encode(true, forKey: .inferenceMode)
        try container.encode(true, forKey: .initialWeights)
        try container.encode(settings.alpha, forKey: .alpha)
        try container.encode(settings.dropout, forKey: .dropout)
        try container.encode("LORA", forKey: .peftType)
        try container.encode(settings.rank, forKey: .rank)
        try container.encode(settings.rankPattern, forKey: .rankPattern)
        if settings.targetModules == ["all-linear"] {
            try container.encode("all-linear", forKey: .targetModules)
        } else {
            try container.encode(settings.targetModules, forKey: .targetModules)
        }
        try container.encode("CAUSAL_LM", forKey: .taskType)
        try container.encode(false, forKey: .usesDoRA)
        try container.encode(settings.usesRankStabilizedScale, forKey: .usesRankStabilizedScale)
    }
}
