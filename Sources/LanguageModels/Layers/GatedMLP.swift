import Torch

/// The gated MLP: down(silu(gate x) * up x) (arXiv 2002.05202).
struct GatedMLP {
    let gateAndUp: LinearGroup
    let down: Linear

    /// The layers `gate_proj`, `up_proj` and `down_proj` below `weights`.
    init(_ weights: WeightScope, _ sizes: DecoderSizes, bias: Bool) throws {
        let (hidden, inner) = (sizes.hiddenSize, sizes.intermediateSize)
        gateAndUp = try LinearGroup(
            weights,
            [("gate_proj", inner), ("up_proj", inner)],
            input: hidden,
            bias: bias
        )
        down = try Linear(weights / "down_proj", input: inner, output: hidden, bias: bias)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { down(gateAndUp.joined(x).swiglu()) }
}
