import TensorFiles
import Torch

/// The tensors of a Hugging Face folder.
struct HuggingFaceWeights: WeightSource {
    private let archive: ShardedCheckpoint
    let tensors: [String: StoredTensor]
    private let storedNames: [String: String]

    /// The tensors of a model, or of its language model where it `seesImages`, too.
    ///
    /// - Throws: ``ModelError`` when the weights are quantised, or one is there twice.
    init(_ archive: ShardedCheckpoint, seesImages: Bool) throws {
        try Quantization.refuse(archive)
        self.archive = archive
        var storedNames: [String: String] = [:]
        for stored in archive.entries.keys.sorted() where !Self.isLeftOut(stored, seesImages) {
            let name = Self.checkpointName(of: stored)
            if let other = storedNames.updateValue(stored, forKey: name) {
                throw ModelError.storedTwice(
                    file: archive.url.path,
                    tensor: other,
                    other: stored
                )
            }
        }
        self.storedNames = storedNames
        tensors = storedNames.compactMapValues { archive.entries[$0] }.mapValues {
            StoredTensor(
                shape: $0.shape,
                type: $0.elementType.rawValue,
                byteCount: $0.byteRange.count,
                is16Bits: $0.elementType.byteCount == 2
            )
        }
    }

    var file: String { archive.url.path }

    /// The name of a tensor whose checkpoint was saved without its head, or as a part of a model
    /// for images and text; unknown names stay, and are then surplus.
    private static func checkpointName(of stored: String) -> String {
        let parts = stored.split(separator: ".", omittingEmptySubsequences: false)
        let own = parts.drop { $0 == "model" || $0 == "language_model" }
        switch own.first {
        case "embed_tokens", "layers", "norm": return "model." + own.joined(separator: ".")
        case "lm_head": return own.joined(separator: ".")
        default: return stored
        }
    }

    /// Whether a tensor is of the part of a model that sees images, or of one that guesses several
    /// tokens at once.
    private static func isLeftOut(_ stored: String, _ seesImages: Bool) -> Bool {
        let own = stored.split(separator: ".").drop { $0 == "model" }
        guard let first = own.first else { return false }
        return first == "mtp"
            || seesImages && ["vision_tower", "visual", "multi_modal_projector"].contains(first)
    }

    func load(_ name: String, _ shape: [Int], as type: DType?) throws -> Tensor {
        let storedName = storedNames[name] ?? name
        let stored: DType
        switch archive.entries[storedName]?.elementType {
        case .float64: stored = .float64
        case .float32: stored = .float32
        case .float16: stored = .float16
        case .bfloat16: stored = .bfloat16
        case let other:
            throw ModelError.unsupported(
                file: file,
                key: "the element type of \(name)",
                found: other?.rawValue ?? "missing",
                supported: "F64, F32, F16, BF16"
            )
        }
        let bytes = try archive.bytes(of: storedName)
        let tensor = bytes.withBytes {
            Tensor(viewing: $0, shape: shape, dtype: stored, owner: bytes)
        }
        return tensor.to(type ?? (stored == .float64 ? .float32 : stored))
    }

    func sample(_ name: String) throws -> [UInt8] {
        try archive.firstBytes(of: storedNames[name] ?? name, limit: fingerprintSampleLength)
    }
}
