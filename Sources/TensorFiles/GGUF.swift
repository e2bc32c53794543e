import Foundation

/// A tensor of a GGUF file.
public struct GGUFTensor: Equatable, Sendable {
    /// The tensor's name.
    public let name: String
    /// Sizes, slowest dimension first: the reverse of ggml's `ne`.
    public let shape: [Int]
    /// How the weights are stored.
    public let type: GGMLType
    /// The number of weights, the product of the shape.
    public let elementCount: Int
    /// The bytes in the file, counted from its start.
    public let byteRange: Range<Int>
}

/// A GGUF file, version 2 or 3, little-endian.
///
/// Source: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.
public struct GGUF: Sendable {
    /// The file.
    public let url: URL
    /// The version of the format, 2 or 3; they differ only in that 3 allows big-endian files.
    public let version: Int
    /// Every metadata value, by key.
    public let metadata: [String: GGUFValue]
    /// Every tensor, by name.
    public let tensors: [String: GGUFTensor]
    /// The tensors' names in the order of the file.
    public let names: [String]

    private let file: InputFile
    /// Bytes of a tensor that are decoded at a time: they stay in the cache.
    private static let pieceLength = 1 << 16

    /// Opens the file at `url`, reads its metadata and checks where its tensors lie.
    ///
    /// - Throws: ``TensorFileError/unreadable(file:reason:)`` when the file cannot be opened,
    ///   ``TensorFileError/malformed(file:problem:)`` when it breaks the format, and
    ///   ``TensorFileError/unsupported(file:feature:)`` for other versions, for big-endian files
    ///   and for tensors of a type not in the table of ``GGMLType``.
    public init(contentsOf url: URL) throws {
        let file = try InputFile(contentsOf: url)
        let header = try GGUFHeader(of: file)
        self.url = url
        self.file = file
        version = header.version
        metadata = header.metadata
        names = header.tensors.map(\.name)
        tensors = Dictionary(uniqueKeysWithValues: header.tensors.map { ($0.name, $0) })
    }

    /// The bytes of a tensor as stored.
    ///
    /// - Throws: ``TensorFileError/missingTensor(file:tensor:)``, and
    ///   ``TensorFileError/unreadable(file:reason:)`` when they can no longer be read.
    public func bytes(of name: String) throws -> FileBytes {
        try file.read(tensor(name).byteRange)
    }

    /// The first bytes of a tensor, so many at most; throws as ``bytes(of:)``.
    public func firstBytes(of name: String, limit: Int) throws -> [UInt8] {
        try file.array(tensor(name).byteRange.prefix(limit))
    }

    /// The weights of a tensor in float32, row-major.
    ///
    /// Weights equal those of `gguf.quants.dequantize` (gguf-py 0.19) bit for bit.
    ///
    /// - Throws: what ``bytes(of:)`` throws, and
    ///   ``TensorFileError/unsupported(file:feature:)`` for types other than F32, F16, BF16, Q4_0,
    ///   Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K and Q6_K.
    public func dequantized(_ name: String) throws -> FileBytes {
        let tensor = try tensor(name)
        let type = tensor.type
        guard let decode = BlockFormats.decoders[type.name] else {
            throw TensorFileError.unsupported(
                file: url.path,
                feature: "type \(type.name) of tensor \"\(name)\""
            )
        }
        // No overflow: the file holds the blocks, which are not that much smaller.
        let length = tensor.elementCount * MemoryLayout<Float>.size
        let result = try FileBytes(count: length, for: url)
        let weights = result.memory.bindMemory(to: Float.self).baseAddress
        let blockCount = tensor.elementCount / type.blockWeights
        let step = max(1, Self.pieceLength / type.blockBytes)
        for first in stride(from: 0, to: blockCount, by: step) {
            let count = min(step, blockCount - first)
            let start = tensor.byteRange.lowerBound + first * type.blockBytes
            try file.read(start..<start + count * type.blockBytes).withBytes {
                guard let weights, let blocks = $0.baseAddress else { return }
                decode(blocks, weights + first * type.blockWeights, count)
            }
        }
        return result
    }

    private func tensor(_ name: String) throws -> GGUFTensor {
        guard let tensor = tensors[name] else {
            throw TensorFileError.missingTensor(file: url.path, tensor: name)
        }
        return tensor
    }
}
