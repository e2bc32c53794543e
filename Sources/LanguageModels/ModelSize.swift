import Foundation
import TensorFiles
import Torch

/// How much memory a model's weights take, from the headers of its files alone.
public struct ModelSize: Equatable, Sendable {
    /// The model's sizes and settings.
    public let configuration: ModelConfiguration
    /// Bytes of the weights of the linear layers.
    public let linearBytes: Int
    /// Bytes of embeddings, head, norms and biases.
    public let otherBytes: Int

    /// The sizes of a model whose linear layers are kept in a precision.
    ///
    /// - Throws: an error that names file, key, expected and found.
    public init(_ location: ModelLocation, precision: BasePrecision) throws {
        let tensors: [(name: String, shape: [Int], storedBytes: Int)]
        switch location {
        case .folder(let folder):
            configuration = try ModelConfiguration(
                contentsOf: folder.appendingPathComponent("config.json")
            )
            tensors = try ShardedCheckpoint(contentsOf: folder).entries.values.map {
                ($0.name, $0.shape, $0.elementType.byteCount)
            }
        case .gguf(let file):
            let archive = try GGUF(contentsOf: file)
            configuration = try ModelConfiguration(archive)
            tensors = GGUFWeights(archive, configuration).shapes.map { ($0, $1, 4) }
        }
        var (linear, other) = (0, 0)
        for (name, shape, storedBytes) in tensors {
            if configuration.tiesEmbeddings && name == "lm_head.weight" { continue }
            let count = shape.reduce(1, *)
            let isMatrix = shape.count == 2
            if isMatrix && name.hasPrefix("model.layers.") {
                linear += precision == .float32 ? 4 * count : count + 4 * shape[0]
            } else {
                let keeps16Bits = isMatrix && precision != .float32 && storedBytes == 2
                other += (keeps16Bits ? 2 : 4) * count
            }
        }
        (linearBytes, otherBytes) = (linear, other)
    }
}

extension ModelConfiguration {
    /// A model of these sizes with so many blocks, and weights that are all the same number: what
    /// it computes means nothing, and takes the time that another model of these sizes takes.
    ///
    /// - Throws: an error when the engine fails.
    public func sample(
        blocks: Int,
        precision: BasePrecision,
        device: Device
    ) throws -> any CausalLanguageModel {
        var configuration = self
        configuration.layerCount = blocks
        guard let family = ModelFamily.all[self.family] else {
            throw ModelError.unsupported(
                file: "the sample",
                key: "the model family",
                found: self.family,
                supported: ModelFamily.all.keys.sorted().joined(separator: ", ")
            )
        }
        let scope = WeightScope(EqualWeights(configuration), precision, device: device)
        return try withTorchErrors {
            try Engine.withoutReuseOfMemory { try family.init(scope, configuration) }
        }
    }
}

/// Weights that are all the same number.
private struct EqualWeights: WeightSource {
    let file = "the sample"
    let shapes: [String: [Int]]

    init(_ model: ModelConfiguration) {
        let (hidden, inner) = (model.hiddenSize, model.intermediateSize)
        let (queries, keys) = (
            model.headCount * model.headSize, model.keyHeadCount * model.headSize
        )
        let linears = [
            ("self_attn.q_proj", [queries, hidden]), ("self_attn.k_proj", [keys, hidden]),
            ("self_attn.v_proj", [keys, hidden]), ("self_attn.o_proj", [hidden, queries]),
            ("mlp.gate_proj", [inner, hidden]), ("mlp.up_proj", [inner, hidden]),
            ("mlp.down_proj", [hidden, inner]),
        ]
        let table = [model.vocabularySize, hidden]
        var shapes = [
            "model.embed_tokens.weight": table, "lm_head.weight": table,
            "model.norm.weight": [hidden],
        ]
        for block in 0..<model.layerCount {
            let path = "model.layers.\(block)."
            for norm in ["input_layernorm", "post_attention_layernorm"] {
                shapes[path + norm + ".weight"] = [hidden]
            }
            for (name, shape) in linears {
                shapes[path + name + ".weight"] = shape
                shapes[path + name + ".bias"] = [shape[0]]
            }
        }
        self.shapes = shapes
    }

    func load(_ name: String) throws -> Tensor { .full(shapes[name] ?? [], 0.01) }
    func loadStored(_ name: String) throws -> Tensor { try load(name) }
    func ropeDivisors() throws -> [Float]? { nil }
    func sample(_ name: String) throws -> [UInt8] { [] }
}
