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
        // A copy, since merging writes to weights and the file is mapped for reading only.
        return type == .float32 ? mapped.clone() : mapped.to(.float32)
    }

    func ropeDivisors() throws -> [Float]? { nil }

    func sample(_ name: String) throws -> [UInt8] {
        Array(try archive.bytes(of: name).pointer.prefix(fingerprintSampleLength))
    }
}
