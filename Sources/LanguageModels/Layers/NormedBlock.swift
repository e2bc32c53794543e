import Torch

/// The norms of a block, each where the family has one.
struct BlockNorms {
    var beforeAttention: RMSNorm?
    var behindAttention: RMSNorm?
    var beforeMLP: RMSNorm?
    var behindMLP: RMSNorm?
}

/// A block that adds attention and then the MLP to the hidden states, with norms around them.
struct NormedBlock: DecoderBlock {
    private let attention: SelfAttention
    private let mlp: GatedMLP
    private let norms: BlockNorms
    private let scale: Double
    let outline: BlockOutline

    /// A block whose branches are multiplied by `scale` before they are added.
    init(
        _ sizes: DecoderSizes,
        _ attention: SelfAttention,
        _ mlp: GatedMLP,
        _ norms: BlockNorms,
        scale: Double = 1
    ) {
        (self.attention, self.mlp, self.norms, self.scale) = (attention, mlp, norms, scale)
        let behind = [norms.behindAttention, norms.beforeMLP, norms.behindMLP].compactMap { $0 }
        outline = BlockOutline(
            onTokens: [attention.inputs.linears],
            onRows: [[attention.output], mlp.gateAndUp.linears, [mlp.down]],
            // What norms read, what attention needs, gate and up.
            keptByToken: (norms.beforeAttention?.size ?? 0) + attention.keptByToken,
            keptByRow: behind.reduce(2 * sizes.intermediateSize) { $0 + $1.size }
        )
    }

    func callAsFunction(_ x: Tensor, _ pass: DecoderPass) -> Tensor {
        let mixed = attention(norms.beforeAttention?(x) ?? pass.rounded(x), pass)  // [rows, hidden]
        let x = pass.outputRows(of: x) + branch(mixed, norms.behindAttention)
        return x + branch(mlp(norms.beforeMLP?(x) ?? pass.rounded(x)), norms.behindMLP)
    }

    private func branch(_ x: Tensor, _ norm: RMSNorm?) -> Tensor {
        let x = norm?(x) ?? x
        return scale == 1 ? x : x * scale
    }
}

extension BlockNorms {
    /// `input_layernorm` before attention and `post_attention_layernorm` before the MLP.
    static func inFront(
        _ weights: WeightScope,
        _ sizes: DecoderSizes,
        epsilon: Double
    ) throws -> BlockNorms {
        func norm(_ name: String) throws -> RMSNorm {
            try RMSNorm(weights / name, sizes.hiddenSize, epsilon: epsilon)
        }
        return try BlockNorms(
            beforeAttention: norm("input_layernorm"),
            beforeMLP: norm("post_attention_layernorm")
        )
    }
}
