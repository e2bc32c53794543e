import Torch

/// The sizes of linear attention by the gated delta rule.
struct DeltaSizes: Equatable, Sendable {
    /// Number of heads of queries and keys.
    var keyHeadCount: Int
    /// Width of a query and of a key.
    var keySize: Int
    /// Number of heads of values, a multiple of those of keys.
    var valueHeadCount: Int
    /// Width of a value.
    var valueSize: Int
    /// Tokens that the convolution sees, the own one among them.
    var taps: Int

    var keyWidth: Int { keyHeadCount * keySize }
    var valueWidth: Int { valueHeadCount * valueSize }
    /// Channels of the convolution: queries, keys and values.
    var channels: Int { 2 * keyWidth + valueWidth }
}

/// Linear attention with a state that a gated delta rule changes (arXiv 2412.06464), as Qwen3-Next
/// has it: a convolution in front, a gated norm behind.
struct GatedDeltaNet: TokenMixer {
    let inputs: any JointLinears  // query, key and value; gate; strength; decay
    let output: Linear
    private let convolution: Tensor  // [channels, taps]
    private let rate: Tensor  // [value heads], the logarithm of the decay in a step of 1
    private let step: Tensor  // [value heads], added to what the layer says of a token's step
    private let norm: RMSNorm  // of a head's value
    private let unit: RMSNorm  // of a query or a key, to length 1
    private let sizes: DeltaSizes

    /// The layers `in_proj_qkv`, `in_proj_z`, `in_proj_b`, `in_proj_a`, `conv1d`, `norm` and
    /// `out_proj` below `weights`; `rate` and `step` are as above.
    init(
        _ weights: WeightScope,
        _ sizes: DeltaSizes,
        hidden: Int,
        epsilon: Double,
        convolution: Tensor,
        rate: Tensor,
        step: Tensor
    ) throws {
        let heads = sizes.valueHeadCount
        inputs = try LinearGroup(
            weights,
            [
                ("in_proj_qkv", sizes.channels), ("in_proj_z", sizes.valueWidth),
                ("in_proj_b", heads), ("in_proj_a", heads),
            ],
            input: hidden,
            bias: false
        )
        output = try Linear(
            weights / "out_proj",
            input: sizes.valueWidth,
            output: hidden,
            bias: false
        )
        norm = try RMSNorm(weights / "norm", sizes.valueSize, epsilon: epsilon)
        unit = RMSNorm(unitLength: sizes.keySize, epsilon: 1e-6, weights)
        (self.convolution, self.rate, self.step) = (convolution, rate, step)
        self.sizes = sizes
    }

    var cost: MixerCost {
        let state = sizes.valueHeadCount * sizes.keySize * sizes.valueSize
        return MixerCost(
            // What the convolution and the norms of query and key read, and what these make; the
            // gate, in a copy beside what the last norm makes, and what that norm reads.
            keptByToken: 2 * sizes.channels + 2 * sizes.keyWidth,
            keptByRow: 3 * sizes.valueWidth,
            productsByToken: state
        )
    }

    func callAsFunction(_ x: Tensor, _ pass: DecoderPass) -> Tensor {
        let parts = inputs.separate(x)  // [tokens, channels], [.., value width], [.., heads] twice
        let spans = pass.wholeSpans
        let mixed = parts[0].causallyConvolved(convolution, spans: spans)
            .split([sizes.keyWidth, sizes.keyWidth, sizes.valueWidth], along: -1)
        func unitRows(_ x: Tensor) -> Tensor {
            let rows = unit(x.reshaped([-1, sizes.keySize]))
            return rows.reshaped([-1, sizes.keyHeadCount, sizes.keySize])
        }
        let read = gatedDeltaRule(
            query: unitRows(mixed[0]),
            key: unitRows(mixed[1]),
            value: mixed[2].reshaped([-1, sizes.valueHeadCount, sizes.valueSize]),
            logDecay: (parts[3].to(.float32) + step).softplus() * rate,
            strength: parts[2].to(.float32).sigmoid(),
            spans: spans
        )  // [tokens, value heads, value size]
        let gate = parts[1].reshaped([-1, sizes.valueHeadCount, sizes.valueSize])
        let (opened, normed) = (pass.outputRows(of: gate), norm(pass.outputRows(of: read)))
        let gated = Tensor.concatenated([opened, normed], along: -1).gated(by: .silu)
        return output(gated.reshaped([-1, sizes.valueWidth]))
    }
}
