import TensorFiles
import Torch

/// The tensors of a Hugging Face folder, read in float32.
struct HuggingFaceWeights: WeightSource {
    private let archive: ShardedCheckpoint
    let shapes: [String: [Int]]

    init(_ archive: ShardedCheckpoint) {
        self.archive = archive
        shapes = archive.entries.mapValues(\.shape)
    }

    var file: String { archive.url.path }

    func load(_ name: String) throws -> Tensor {
        try copy(name) { $0.dtype == .float32 ? $0.clone() : $0.to(.float32) }
    }

    func loadStored(_ name: String) throws -> Tensor { try copy(name) { $0.clone() } }

    /// What `body` makes of a tensor as it is stored, without keeping the file's pages.
    ///
    /// It must copy: merging writes to weights, and the file is mapped for reading only.
    private func copy(_ name: String, _ body: (Tensor) -> Tensor) throws -> Tensor {
        guard let entry = archive.entries[name] else {
            throw ModelError.missingTensor(file: file, tensor: name)
        }
        let bytes = try archive.bytes(of: name)
        let type: DType
        switch entry.elementType {
        case .float32: type = .float32
        case .float16: type = .float16
        case .bfloat16: type = .bfloat16
        default:
            throw ModelError.unsupported(
                file: file,
                key: "the element type of \(name)",
                found: entry.elementType.rawValue,
                supported: "F32, F16, BF16"
            )
        }
        let mapped = Tensor(
            viewing: bytes.pointer,
            shape: entry.shape,
            dtype: type,
            owner: bytes.owner
        )
        defer { bytes.dropPages() }
        return body(mapped)
    }

    func ropeDivisors() throws -> [Float]? { nil }

    func sample(_ name: String) throws -> [UInt8] {
        Array(try archive.bytes(of: name).pointer.prefix(fingerprintSampleLength))
    }
}
