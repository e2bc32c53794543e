import Torch

/// A block that adds attention and then the MLP to the hidden states, each behind its norm.
struct PreNormBlock: DecoderBlock {
    private let attention: SelfAttention
    private let mlp: GatedMLP
    private let attentionNorm: RMSNorm
    private let mlpNorm: RMSNorm
    private let scale: Double
    let outline: BlockOutline

    /// The norms `input_layernorm` and `post_attention_layernorm` below `weights`, and the layers
    /// behind them, whose results are multiplied by `scale`.
    init(
        _ weights: WeightScope,
        _ sizes: DecoderSizes,
        _ attention: SelfAttention,
        _ mlp: GatedMLP,
        normEpsilon: Double,
        scale: Double = 1
    ) throws {
        func norm(_ name: String) throws -> RMSNorm {
            try RMSNorm(weights / name, sizes.hiddenSize, epsilon: normEpsilon)
        }
        attentionNorm = try norm("input_layernorm")
        mlpNorm = try norm("post_attention_layernorm")
        (self.attention, self.mlp, self.scale) = (attention, mlp, scale)
        outline = BlockOutline(
            onTokens: [attention.inputs.linears],
            onRows: [[attention.output], mlp.gateAndUp.linears, [mlp.down]],
            // The norms' inputs, what attention needs, gate and up.
            keptByToken: sizes.hiddenSize + attention.keptByToken,
            keptByRow: sizes.hiddenSize + 2 * sizes.intermediateSize
        )
    }

    func callAsFunction(_ x: Tensor, _ pass: DecoderPass) -> Tensor {
        let mixed = attention(attentionNorm(x), pass)  // [rows, hidden]
        let x = pass.outputRows(of: x) + scaled(mixed)
        return x + scaled(mlp(mlpNorm(x)))
    }

    private func scaled(_ x: Tensor) -> Tensor { scale == 1 ? x : x * scale }
}
