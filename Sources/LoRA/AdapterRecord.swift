import Torch

/// What one adapter saw in a forward pass; see ``LoRAAdapters/recording(_:)``.
///
/// With g the gradient with respect to ``probe``, token t adds `scale · (g_t B)ᵀ x_t` to the
/// gradient of A and `scale · g_tᵀ u_t` to that of B. All but the probe are float32, outside the
/// gradient graph.
public struct AdapterRecord {
    /// The adapted layer.
    public let module: LoRALayout.Module
    /// The adapter's B: [out, rank].
    public let b: Tensor
    /// The layer's input (x): [rows, in].
    public let input: Tensor
    /// A times the input (u): [rows, rank].
    public let reducedInput: Tensor
    /// Zeros that were added to the layer's output: [rows, out].
    public let probe: Tensor
}
