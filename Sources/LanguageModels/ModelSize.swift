import Torch

/// How much memory a model's weights take, from the headers of its files alone.
public struct ModelSize {
    /// The model's sizes.
    public let sizes: DecoderSizes
    /// One of its blocks of each kind, that of the last behind the others, as a model whose weights
    /// mean nothing.
    public let sample: any CausalLanguageModel
    /// How many blocks it has like each of the sample's.
    public let counts: [Int]
    /// Bytes of the weights of the linear layers.
    public let linearBytes: Int
    /// Bytes of embeddings, head, norms, biases and convolutions.
    public let otherBytes: Int

    /// The sizes of a model that is kept so.
    ///
    /// - Throws: an error when the engine fails.
    public init(_ files: ModelFiles, precision: Precision) throws {
        sizes = files.sizes
        let tables: Set<String>
        (sample, counts, tables) = try files.configuration.sampleOfKinds()
        linearBytes = zip(sample.blocks, counts).reduce(0) { sum, kind in
            kind.0.linears.reduce(sum) { sum, linear in
                let (input, output) = linear.shape
                return sum + kind.1 * precision.weights.byteCount(input: input, output: output)
            }
        }
        let weights = Set(sample.linears.keys.map { Self.placeInBlock($0 + ".weight") })
        otherBytes = files.weights.tensors.reduce(0) { sum, entry in
            let (name, tensor) = entry
            let isTable = tables.contains(name)
            let isOther = tensor.shape.count == 1 || name.hasPrefix("model.layers.")
            guard isTable || isOther && !weights.contains(Self.placeInBlock(name)) else {
                return sum
            }
            let type =
                isTable ? precision.tableType(isStoredIn16Bits: tensor.is16Bits) : .float32
            return sum + (type?.byteCount ?? 2) * tensor.count
        }
    }

    /// How often the model has a layer of the sample.
    public func count(of path: String) -> Int {
        let block = sample.blocks.firstIndex { $0.linears.contains { $0.path == path } }
        return block.map { counts[$0] } ?? 1
    }

    /// The name of a tensor without the block's number: what follows `model.layers.N.`.
    private static func placeInBlock(_ name: String) -> Substring {
        name.split(separator: ".", maxSplits: 3).last ?? ""
    }
}

extension ModelConfiguration {
    /// A model of equal weights with a block of each kind and a vocabulary of one token, how many
    /// blocks of each this one has, and the names of its tables.
    fileprivate func sampleOfKinds() throws -> (any CausalLanguageModel, [Int], Set<String>) {
        var (small, counts) = kinds
        small.sizes.vocabularySize = 1
        let (model, tables) = try small.sample(Precision(.int8))
        return (model, counts, tables)
    }
}
