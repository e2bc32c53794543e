import JSON
import TensorFiles

/// Signs that the weights of a Hugging Face folder are quantised, which is not read.
///
/// Without this check, a tensor would be missing or have an odd shape, which says neither what the
/// checkpoint is nor what to use instead.
enum Quantization {
    /// What tensors beside or in place of a weight are called, by those who quantise.
    private static let makers = [
        (names: ["qweight", "qzeros", "g_idx"], maker: "GPTQ or AWQ"),
        (names: ["weight_packed", "weight_zero_point"], maker: "compressed-tensors"),
        (names: ["weight_scale", "weight_scale_inv"], maker: "FP8 or compressed-tensors"),
        (names: ["SCB", "absmax", "quant_map"], maker: "bitsandbytes"),
        (names: ["scales"], maker: "GPTQ, AWQ or MLX"),
    ]

    private static let plain: [ElementType] = [.float64, .float32, .float16, .bfloat16]

    /// Throws ``ModelError/quantized(file:evidence:)`` when a configuration says so.
    static func refuse(_ root: JSONNode) throws {
        for key in ["quantization_config", "quantization", "compression_config"] {
            guard let settings = try root.member(key) else { continue }
            let method = try? settings.member("quant_method")?.string()
            throw ModelError.quantized(
                file: root.file,
                evidence: method.map { "\(key).quant_method is \($0.quoted)" } ?? "it has \(key)"
            )
        }
    }

    /// Throws ``ModelError/quantized(file:evidence:)`` when the tensors of an archive show it.
    static func refuse(_ archive: ShardedCheckpoint) throws {
        for (name, entry) in archive.entries.sorted(by: { $0.key < $1.key }) {
            let last = String(name.split(separator: ".").last ?? "")
            let maker = makers.first { $0.names.contains(last) }?.maker
            let isPlain = last != "weight" || plain.contains(entry.elementType)
            guard maker != nil || !isPlain else { continue }
            throw ModelError.quantized(
                file: archive.url.path,
                evidence: "it holds \(name) of type \(entry.elementType.rawValue)"
                    + (maker.map { ", as those of \($0) do" } ?? "")
            )
        }
    }
}
