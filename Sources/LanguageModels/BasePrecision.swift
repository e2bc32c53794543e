/// The precision that a model's linear layers are kept and computed in.
///
/// Embeddings and head stay as precise as they are stored, and everything else is float32.
public enum BasePrecision: String, CaseIterable, Sendable {
    /// Weights in 32 bits.
    case float32
    /// Weights in 8 bits, each row by its largest magnitude; products in float32.
    case int8
    /// As ``int8``, and the inputs of forward products are rounded to 8 bits as well.
    case int8Dynamic = "int8-dynamic"
}
