import TensorFiles
import Torch

/// The tensors of a Hugging Face folder.
struct HuggingFaceWeights: WeightSource {
    private let archive: ShardedCheckpoint
    let tensors: [String: StoredTensor]

    init(_ archive: ShardedCheckpoint) {
        self.archive = archive
        tensors = archive.entries.mapValues {
            StoredTensor(
                shape: $0.shape,
                type: $0.elementType.rawValue,
                byteCount: $0.byteRange.count,
                is16Bits: $0.elementType.byteCount == 2
            )
        }
    }

    var file: String { archive.url.path }

    func load(_ name: String, _ shape: [Int], as type: DType?) throws -> Tensor {
        let bytes = try archive.bytes(of: name)
        let stored: DType
        switch archive.entries[name]?.elementType {
        case .float32: stored = .float32
        case .float16: stored = .float16
        case .bfloat16: stored = .bfloat16
        case let other:
            throw ModelError.unsupported(
                file: file,
                key: "the element type of \(name)",
                found: other?.rawValue ?? "missing",
                supported: "F32, F16, BF16"
            )
        }
        let tensor = bytes.withBytes {
            Tensor(viewing: $0, shape: shape, dtype: stored, owner: bytes)
        }
        return tensor.to(type ?? stored)
    }

    func sample(_ name: String) throws -> [UInt8] {
        try archive.firstBytes(of: name, limit: fingerprintSampleLength)
    }
}
