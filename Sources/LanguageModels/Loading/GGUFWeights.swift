import TensorFiles
import Torch

/// The tensors of a GGUF file of the `llama` architecture under their Hugging Face names,
/// de-quantised to float32.
struct GGUFWeights: WeightSource {
    private let archive: GGUF
    private let configuration: ModelConfiguration
    private let storedNames: [String: String]
    let shapes: [String: [Int]]

    init(_ archive: GGUF, _ configuration: ModelConfiguration) {
        self.archive = archive
        self.configuration = configuration
        let divisors = Self.divisors
        storedNames = Dictionary(
            archive.tensors.keys.filter { $0 != divisors }.map { (Self.checkpointName($0), $0) },
            uniquingKeysWith: { first, _ in first }
        )
        shapes = storedNames.compactMapValues { archive.tensors[$0]?.shape }
    }

    private static let divisors = "rope_freqs.weight"

    var file: String { archive.url.path }

    /// The Hugging Face name of a GGUF tensor; unknown names stay, and are then surplus.
    private static func checkpointName(_ stored: String) -> String {
        let parts = stored.split(separator: ".", maxSplits: 2).map(String.init)
        if parts.count == 3, parts[0] == "blk" {
            let rest = parts[2].split(separator: ".").map(String.init)
            guard rest.count == 2, let layer = layerNames[rest[0]] else { return stored }
            return "model.layers.\(parts[1]).\(layer).\(rest[1])"
        }
        return outerNames[stored] ?? stored
    }

    private static let layerNames = [
        "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
        "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    ]

    private static let outerNames = [
        "token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
        "output.weight": "lm_head.weight",
    ]

    func load(_ name: String) throws -> Tensor {
        guard let stored = storedNames[name], let shape = shapes[name] else {
            throw ModelError.missingTensor(file: file, tensor: name)
        }
        let tensor = Tensor(try archive.dequantized(stored), shape: shape)
        try archive.bytes(of: stored).dropPages()
        if name.contains(".self_attn.q_proj.") {
            return Self.halvesTogether(tensor, heads: configuration.headCount)
        }
        if name.contains(".self_attn.k_proj.") {
            return Self.halvesTogether(tensor, heads: configuration.keyHeadCount)
        }
        return tensor
    }

    func loadStored(_ name: String) throws -> Tensor { try load(name) }

    /// Undoes llama.cpp's order of the rows of query and key weights [heads * size, ...].
    ///
    /// There, the two elements that a rotation pairs lie side by side; here they are half a head
    /// apart.
    private static func halvesTogether(_ tensor: Tensor, heads: Int) -> Tensor {
        let shape = tensor.shape
        return
            tensor
            .reshaped([heads, shape[0] / heads / 2, 2, -1])  // [heads, size / 2, pair, in]
            .transposed(1, 2)  // [heads, pair, size / 2, in]
            .reshaped(shape)
    }

    func ropeDivisors() throws -> [Float]? {
        archive.tensors[Self.divisors] == nil ? nil : try archive.dequantized(Self.divisors)
    }

    func sample(_ name: String) throws -> [UInt8] {
        guard let stored = storedNames[name] else {
            throw ModelError.missingTensor(file: file, tensor: name)
        }
        return Array(try archive.bytes(of: stored).pointer.prefix(fingerprintSampleLength))
    }
}
