import TensorFiles
import Torch

/// The tensors of a GGUF file under their Hugging Face names, de-quantised.
struct GGUFWeights: WeightSource {
    let archive: GGUF
    let layout: GGUFLayout
    let tensors: [String: StoredTensor]
    private let storedNames: [String: String]

    init(_ archive: GGUF, _ layout: GGUFLayout) {
        self.archive = archive
        self.layout = layout
        let names = archive.tensors.keys.map { (layout.checkpointName(of: $0), $0) }
        storedNames = Dictionary(names) { first, _ in first }
        tensors = storedNames.compactMapValues { archive.tensors[$0] }.mapValues {
            StoredTensor(
                shape: $0.shape,
                type: $0.type.name,
                byteCount: $0.byteRange.count,
                is16Bits: false
            )
        }
    }

    var file: String { archive.url.path }

    func load(_ name: String, _ shape: [Int], as type: DType?) throws -> Tensor {
        let stored = storedNames[name] ?? name
        let bytes = try archive.dequantized(stored)
        var tensor = bytes.withBytes {
            Tensor(viewing: $0, shape: shape, dtype: .float32, owner: bytes)
        }
        if let heads = try layout.interleavedHeads(of: name, in: archive) {
            // What a rotation pairs lies side by side there, and half a head apart here.
            tensor = tensor.reshaped([heads, shape[0] / heads / 2, 2, -1])  // [..., pair, in]
                .transposed(1, 2)  // [heads, pair, size / 2, in]
                .reshaped(shape)
        }
        tensor = try layout.ordered(tensor, name, archive)
        return type.map { tensor.to($0) } ?? tensor
    }

    /// The numbers of a tensor [count]; nil where the file does not have it.
    func numbers(_ name: String, count: Int) throws -> [Double]? {
        guard let shape = tensors[name]?.shape else { return nil }
        guard shape == [count] else {
            throw ModelError.shapeMismatch(
                file: file,
                tensor: name,
                expected: [count],
                found: shape
            )
        }
        return try load(name, shape, as: .float32).doubles
    }

    func sample(_ name: String) throws -> [UInt8] {
        try archive.firstBytes(of: storedNames[name] ?? name, limit: fingerprintSampleLength)
    }
}

extension GGUFLayout {
    private static let outerNames = [
        "token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
        "output.weight": "lm_head.weight",
    ]

    /// The Hugging Face name of a GGUF tensor; unknown names stay, and are then surplus.
    func checkpointName(of stored: String) -> String {
        let parts = stored.split(separator: ".", maxSplits: 2).map(String.init)
        guard parts.count == 3, parts[0] == "blk" else { return Self.outerNames[stored] ?? stored }
        let place = "model.layers.\(parts[1])."
        if let whole = layers[parts[2]] { return place + whole }
        let own = parts[2].split(separator: ".").map(String.init)
        guard own.count == 2, let layer = layers[own[0]] else { return stored }
        return place + "\(layer).\(own[1])"
    }

    /// The number of heads of a tensor whose rows are interleaved; nil for any other.
    fileprivate func interleavedHeads(of name: String, in archive: GGUF) throws -> Int? {
        guard let (_, key) = interleaved.first(where: { name.contains(".\($0.key).") }) else {
            return nil
        }
        return try archive.integerIfPresent("\(architecture).\(key)")
            ?? archive.integer("\(architecture).attention.head_count")
    }
}
