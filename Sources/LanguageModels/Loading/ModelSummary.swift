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
    /// Number of layers that an adapter can be on, by the last part of their path, such as
    /// `q_proj`: what target modules name.
    public let linearLayers: [String: Int]
    /// Number of tensors of each element type.
    public let tensorTypes: [String: Int]
    /// Bytes of all tensors.
    public let bytes: Int

    /// What the headers of a model's files say.
    public init(_ files: ModelFiles) {
        path = files.location.url.path
        format = if case .gguf = files.location { "GGUF" } else { "safetensors" }
        family = files.family
        sizes = [
            "vocabulary": files.sizes.vocabularySize, "hidden": files.sizes.hiddenSize,
            "intermediate": files.sizes.intermediateSize, "layers": files.sizes.layerCount,
            "heads": files.sizes.headCount, "key_heads": files.sizes.keyHeadCount,
            "head_size": files.sizes.headSize, "maximum_length": files.sizes.maximumLength,
        ]
        // Of names alone: settings that no file fits may ask for any amount of memory.
        let matrices = files.weights.tensors.filter { $0.value.shape.count == 2 }.keys
        let layers = matrices.compactMap { $0.split(separator: ".").dropLast().last }
            .filter { $0.contains("_proj") }
        linearLayers = Dictionary(
            (layers + ["lm_head"]).map { (String($0), 1) },
            uniquingKeysWith: +
        )
        let tensors = files.weights.tensors.values
        parameters = tensors.reduce(0) { $0 + $1.count }
        bytes = tensors.reduce(0) { $0 + $1.byteCount }
        tensorTypes = Dictionary(tensors.map { ($0.type, 1) }, uniquingKeysWith: +)
    }
}
