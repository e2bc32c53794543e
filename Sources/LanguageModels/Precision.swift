import Torch

/// How the weights of a model's linear layers are kept.
public enum WeightFormat: String, CaseIterable, Sendable {
    /// In 32 bits.
    case float32
    /// In the upper 16 bits of float32: exact for checkpoints that are stored so.
    case bfloat16
    /// In 8 bits, each row by its largest magnitude.
    case int8
    /// As ``int8``, and the inputs of forward products are rounded to 8 bits as well.
    case int8Dynamic = "int8-dynamic"

    /// Bytes of a weight [output, input].
    func byteCount(input: Int, output: Int) -> Int {
        switch self {
        case .float32: 4 * input * output
        case .bfloat16: 2 * input * output
        case .int8, .int8Dynamic: (input + 4) * output
        }
    }
}

/// How precisely a model keeps its weights and how precisely it computes.
///
/// Embeddings and head stay as precise as they are stored, unless weights are in 32 bits; norms and
/// biases are float32, as are logits.
public struct Precision: Equatable, Sendable {
    /// How the weights of the linear layers are kept.
    public var weights: WeightFormat
    /// The type of hidden states and of products: float32 or bfloat16.
    public var compute: DType

    /// Weights in a format, and products in a type.
    public init(_ weights: WeightFormat = .float32, compute: DType = .float32) {
        precondition(
            [.float32, .bfloat16].contains(compute),
            "a model computes in float32 or bfloat16, not in \(compute)"
        )
        self.weights = weights
        self.compute = compute
    }
}
