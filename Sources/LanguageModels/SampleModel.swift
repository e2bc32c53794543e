import Torch

extension ModelFiles {
    /// A model of these sizes with so many blocks, and weights that are all the same number: what
    /// it computes means nothing, and takes the time that another model of these sizes takes.
    ///
    /// - Throws: an error when the engine fails.
    public func sample(
        blocks: Int,
        vocabularySize: Int,
        precision: Precision,
        device: Device = .cpu
    ) throws -> any CausalLanguageModel {
        var configuration = configuration
        configuration.sizes.layerCount = blocks
        configuration.sizes.vocabularySize = vocabularySize
        return try configuration.sample(precision, device: device).model
    }
}

extension ModelConfiguration {
    /// A model of equal weights, and the names of its tables.
    func sample(
        _ precision: Precision,
        device: Device = .cpu
    ) throws -> (model: any CausalLanguageModel, tables: Set<String>) {
        let scope = WeightScope(EqualWeights(), precision, device: device)
        let model = try withTorchErrors {
            try Engine.withoutReuseOfMemory { try self.model(scope) }
        }
        return (model, scope.tableNames)
    }
}

/// Weights that are all the same number, in any shape.
private struct EqualWeights: WeightSource {
    let file = "the sample"
    let tensors: [String: StoredTensor] = [:]

    func shape(of name: String) -> [Int]? { nil }
    func load(_ name: String, _ shape: [Int], as type: DType?) -> Tensor {
        .full(shape, 0.01, dtype: type ?? .float32)
    }
    func sample(_ name: String) -> [UInt8] { [] }
}
