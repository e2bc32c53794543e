import Torch

/// The gated MLP: down(activation(gate x) * up x) (arXiv 2002.05202).
struct GatedMLP {
    let gateAndUp: any JointLinears
    let down: Linear
    private let activation: GateActivation

    /// Layers that were read elsewhere.
    init(gateAndUp: any JointLinears, down: Linear) {
        (self.gateAndUp, self.down, activation) = (gateAndUp, down, .silu)
    }

    /// The layers `gate_proj`, `up_proj` and `down_proj` below `weights`.
    init(
        _ weights: WeightScope,
        _ sizes: DecoderSizes,
        bias: Bool,
        activation: GateActivation = .silu
    ) throws {
        let (hidden, inner) = (sizes.hiddenSize, sizes.intermediateSize)
        gateAndUp = try LinearGroup(
            weights,
            [("gate_proj", inner), ("up_proj", inner)],
            input: hidden,
            bias: bias
        )
        down = try Linear(weights / "down_proj", input: inner, output: hidden, bias: bias)
        self.activation = activation
    }

    func callAsFunction(_ x: Tensor) -> Tensor { down(gateAndUp.joined(x).gated(by: activation)) }
}
