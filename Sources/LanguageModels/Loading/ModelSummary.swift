import Foundation
import TensorFiles

/// What a model's files hold, without loading the weights.
public struct ModelSummary: Encodable, Sendable {
    /// The folder or file.
    public let path: String
    /// `safetensors` or `GGUF`.
    public let format: String
    /// The family's name.
    public let family: String
    /// Sizes and settings by name.
    public let sizes: [String: Int]
    /// Number of weights.
    public let parameters: Int
    /// Number of tensors of each element type.
    public let tensorTypes: [String: Int]
    /// Bytes of all tensors.
    public let bytes: Int

    /// Reads the headers of a model's files.
    ///
    /// - Throws: an error that names file, key, expected and found.
    public init(_ location: ModelLocation) throws {
        let configuration: ModelConfiguration
        let tensors: [(type: String, count: Int, bytes: Int)]
        switch location {
        case .folder(let folder):
            format = "safetensors"
            configuration = try ModelConfiguration(
                contentsOf: folder.appendingPathComponent("config.json")
            )
            tensors = try ShardedCheckpoint(contentsOf: folder).entries.values.map {
                ($0.elementType.rawValue, $0.shape.reduce(1, *), $0.byteRange.count)
            }
        case .gguf(let file):
            let archive = try GGUF(contentsOf: file)
            format = "GGUF"
            configuration = try ModelConfiguration(archive)
            tensors = archive.tensors.values.map {
                ($0.type.name, $0.elementCount, $0.byteRange.count)
            }
        }
        path = location.url.path
        family = configuration.family
        sizes = [
            "vocabulary": configuration.vocabularySize, "hidden": configuration.hiddenSize,
            "intermediate": configuration.intermediateSize, "layers": configuration.layerCount,
            "heads": configuration.headCount, "key_heads": configuration.keyHeadCount,
            "head_size": configuration.headSize, "maximum_length": configuration.maximumLength,
        ]
        parameters = tensors.reduce(0) { $0 + $1.count }
        bytes = tensors.reduce(0) { $0 + $1.bytes }
        tensorTypes = Dictionary(tensors.map { ($0.type, 1) }, uniquingKeysWith: +)
    }
}
