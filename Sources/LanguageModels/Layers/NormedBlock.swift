import Torch

/// The norms of a block, each where the family has one.
struct BlockNorms {
    var beforeAttention: RMSNorm?
    var behindAttention: RMSNorm?
    var beforeMLP: RMSNorm?
    var behindMLP: RMSNorm?
}

/// What mixes the hidden states of the tokens of a sequence: [tokens, hidden] to [rows, hidden].
protocol TokenMixer {
    /// What reads the hidden states.
    var inputs: any JointLinears { get }
    /// What makes the result.
    var output: Linear { get }
    /// Numbers that the backward pass needs, and multiplications, besides those of the layers.
    var cost: MixerCost { get }

    func callAsFunction(_ x: Tensor, _ pass: DecoderPass) -> Tensor
}

/// What a mixer computes and keeps between its inputs and its output; see ``BlockOutline``.
struct MixerCost {
    var keptByToken: Int
    var keptByRow = 0
    var productsByPair = 0
    var productsByToken = 0
}

/// A block that adds attention and then the MLP to the hidden states, with norms around them.
struct NormedBlock: DecoderBlock {
    private let attention: any TokenMixer
    private let mlp: GatedMLP
    private let norms: BlockNorms
    private let scale: Double
    let outline: BlockOutline

    /// A block whose branches are multiplied by `scale` before they are added.
    init(
        _ sizes: DecoderSizes,
        _ attention: any TokenMixer,
        _ mlp: GatedMLP,
        _ norms: BlockNorms,
        scale: Double = 1
    ) {
        (self.attention, self.mlp, self.norms, self.scale) = (attention, mlp, norms, scale)
        let cost = attention.cost
        let behind = [norms.behindAttention, norms.beforeMLP, norms.behindMLP].compactMap { $0 }
        outline = BlockOutline(
            onTokens: [attention.inputs.linears],
            onRows: [[attention.output], mlp.gateAndUp.linears, [mlp.down]],
            // What norms read, what attention needs, gate and up.
            keptByToken: (norms.beforeAttention?.size ?? 0) + cost.keptByToken,
            keptByRow: behind.reduce(cost.keptByRow + 2 * sizes.intermediateSize) {
                $0 + $1.size
            },
            productsByPair: cost.productsByPair,
            productsByToken: cost.productsByToken
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
    /// `input_layernorm` before attention and `post_attention_layernorm` before the MLP, whose
    /// factors are the stored numbers and `offset`.
    static func inFront(
        _ weights: WeightScope,
        _ sizes: DecoderSizes,
        epsilon: Double,
        offset: Double = 0
    ) throws -> BlockNorms {
        func norm(_ name: String) throws -> RMSNorm {
            try RMSNorm(weights / name, sizes.hiddenSize, epsilon: epsilon, offset: offset)
        }
        return try BlockNorms(
            beforeAttention: norm("input_layernorm"),
            beforeMLP: norm("post_attention_layernorm")
        )
    }
}
