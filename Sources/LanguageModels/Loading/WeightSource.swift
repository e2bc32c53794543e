import Torch

/// The tensors of a checkpoint, whatever its files: a Hugging Face folder or a GGUF file.
protocol WeightSource {
    /// The file or folder, for messages.
    var file: String { get }
    /// Every tensor, by checkpoint name; none where tensors are made as they are asked for.
    var tensors: [String: StoredTensor] { get }
    /// The shape of a tensor; nil where it is whatever is asked for.
    ///
    /// - Throws: ``ModelError/missingTensor(file:tensor:)``.
    func shape(of name: String) throws -> [Int]?
    /// A tensor of the given shape, which is its own, on the CPU in memory that may be written to.
    ///
    /// Without a type it is in float16 or bfloat16 where it is stored so, else in float32.
    func load(_ name: String, _ shape: [Int], as type: DType?) throws -> Tensor
    /// A few bytes of a tensor as stored, for fingerprints.
    func sample(_ name: String) throws -> [UInt8]
}

/// What a header says of a tensor.
struct StoredTensor {
    let shape: [Int]
    /// The element type, or the block format.
    let type: String
    /// Bytes in the file.
    let byteCount: Int
    /// Whether the elements are numbers of 16 bits that can be kept as they are.
    let is16Bits: Bool

    /// Number of elements.
    var count: Int { shape.reduce(1, *) }
}

extension WeightSource {
    func shape(of name: String) throws -> [Int]? {
        guard let tensor = tensors[name] else {
            throw ModelError.missingTensor(file: file, tensor: name)
        }
        return tensor.shape
    }
}
