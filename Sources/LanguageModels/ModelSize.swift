import Torch

/// How much memory a model's weights take, from the headers of its files alone.
public struct ModelSize {
    /// The model's sizes.
    public let sizes: DecoderSizes
    /// One of its blocks, which are all alike, as a model whose weights mean nothing.
    public let block: any CausalLanguageModel
    /// Bytes of the weights of the linear layers.
    public let linearBytes: Int
    /// Bytes of embeddings, head, norms and biases.
    public let otherBytes: Int

    /// The sizes of a model that is kept so.
    ///
    /// - Throws: an error when the engine fails.
    public init(_ files: ModelFiles, precision: Precision) throws {
        var configuration = files.configuration
        (configuration.sizes.layerCount, configuration.sizes.vocabularySize) = (1, 1)
        let (block, tables) = try configuration.sample(Precision(.int8))
        let ofBlock = block.linears.values.reduce(0) { sum, linear in
            let (input, output) = linear.shape
            return sum + precision.weights.byteCount(input: input, output: output)
        }
        otherBytes = files.weights.tensors.reduce(0) { sum, entry in
            let (name, tensor) = entry
            let isTable = tables.contains(name)
            guard isTable || tensor.shape.count == 1 else { return sum }
            let type =
                isTable ? precision.tableType(isStoredIn16Bits: tensor.is16Bits) : .float32
            return sum + (type?.byteCount ?? 2) * tensor.count
        }
        linearBytes = files.sizes.layerCount * ofBlock
        sizes = files.sizes
        self.block = block
    }
}
