import Foundation

/// What the processor can do, as the system tells.
public enum Processor {
    /// Whether it has instructions for products in bfloat16 (AVX-512 BF16, AMX or Arm's BF16), as
    /// Linux tells; nil where it does not.
    public static let multipliesBFloat16: Bool? = {
        let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
        return text.flatMap(multipliesBFloat16(accordingTo:))
    }()

    /// The same of the text of `/proc/cpuinfo`: `flags` (x86) or `Features` (Arm) have the names.
    static func multipliesBFloat16(accordingTo text: String) -> Bool? {
        let line = text.split(separator: "\n").first {
            $0.hasPrefix("flags") || $0.hasPrefix("Features")
        }
        guard let features = line?.split(separator: ":").last?.split(separator: " ") else {
            return nil
        }
        return features.contains { ["avx512_bf16", "amx_bf16", "bf16"].contains($0) }
    }
}
