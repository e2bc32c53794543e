import Optimizers

/// A parameter's name, shape and place.
public typealias ParameterEntry = FlatParameters.Entry

extension ParameterEntry {
    /// Whether this is the matrix A [rank, in] of an adapter, by its PEFT name.
    public var isDownProjection: Bool { name.hasSuffix(".lora_A.weight") && shape.count == 2 }

    /// The name of the matrix B that belongs to this A.
    var upProjection: String { name.dropLast(".lora_A.weight".count) + ".lora_B.weight" }
}
