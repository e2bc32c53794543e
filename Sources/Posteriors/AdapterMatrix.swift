import Optimizers

/// Which matrix of which adapter a parameter is, as its name in PEFT's files says:
/// `base_model.model.PATH.lora_A.weight`, or `lora_B` for the other one.
public struct AdapterMatrix: Hashable, Sendable {
    /// The two matrices of a low-rank product B A.
    public enum Side: String, Sendable {
        /// A [rank, in].
        case a = "A"
        /// B [out, rank].
        case b = "B"
    }

    /// The adapted layer, by its checkpoint path behind PEFT's prefix.
    public let layer: String
    /// Which of the two it is.
    public let side: Side

    /// The matrix that a parameter is; nil for what is none.
    public init?(_ entry: FlatParameters.Entry) {
        let parts = entry.name.split(separator: ".", omittingEmptySubsequences: false)
        guard entry.shape.count == 2, parts.count > 2, parts.last == "weight",
            let side = Side(rawValue: String(parts[parts.count - 2].dropFirst("lora_".count))),
            parts[parts.count - 2].hasPrefix("lora_")
        else { return nil }
        layer = parts.dropLast(2).joined(separator: ".")
        self.side = side
    }
}

extension [FlatParameters.Entry] {
    /// The matrices A of adapters.
    var matricesA: [FlatParameters.Entry] { filter { AdapterMatrix($0)?.side == .a } }

    /// The matrix B that belongs to the same layer as a matrix A.
    func matrixB(of entry: FlatParameters.Entry) -> FlatParameters.Entry? {
        let layer = AdapterMatrix(entry)?.layer
        return first { AdapterMatrix($0)?.side == .b && AdapterMatrix($0)?.layer == layer }
    }
}
