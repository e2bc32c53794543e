import CTorch

// The layers of a decoder over frozen weights; their backward passes are written out in the shim
// and give no gradient to the weights.
//
// A result has the type of `self`, whatever floating type the weights have. In 16 bits sums over
// many numbers are taken in float32.
extension Tensor {
    /// This [..., in] times the transpose of a frozen weight [out, in], plus a frozen bias [out].
    public func frozenLinear(_ weight: Tensor, bias: Tensor? = nil) -> Tensor {
        Tensor { ctorch_frozen_linear(handle, weight.handle, bias?.handle, $0) }
    }

    /// This with a share of its elements set to zero and the others scaled up: the mean stays.
    ///
    /// `probability` is from 0 up to but not 1; the mask depends on shape and `seed` only.
    public func dropout(_ probability: Double, seed: UInt64) -> Tensor {
        Tensor { ctorch_dropout(handle, probability, seed, $0) }
    }

    /// The change that a low-rank adapter makes: `scale · dropout(x) Aᵀ Bᵀ`.
    ///
    /// This is [..., in], `a` [rank, in] and `b` [out, rank] (Hu, Shen et al. 2021, arXiv
    /// 2106.09685). Dropout is as in ``dropout(_:seed:)``; a probability of 0 is none. `a` and `b`
    /// are computed with in the type of this tensor; their gradients are of their own, float32.
    public func lowRankProduct(
        _ a: Tensor,
        _ b: Tensor,
        scale: Double,
        dropout: Double,
        seed: UInt64
    ) -> Tensor {
        Tensor { ctorch_low_rank_product(handle, a.handle, b.handle, scale, dropout, seed, $0) }
    }

    /// Root-mean-square norm over the last dimension, times a frozen weight of its size (Zhang and
    /// Sennrich 2019, arXiv 1910.07467).
    ///
    /// The result may be in bfloat16 where this is in float32.
    public func rmsNorm(weight: Tensor, epsilon: Double, as type: DType? = nil) -> Tensor {
        Tensor { ctorch_rms_norm(handle, weight.handle, epsilon, (type ?? dtype).code, $0) }
    }

    /// `activation(gate) * up` for this [..., 2 * n] that holds gate and up side by side (Shazeer
    /// 2020, arXiv 2002.05202).
    public func gated(by activation: GateActivation) -> Tensor {
        Tensor { ctorch_gated(handle, activation == .gelu, $0) }
    }

    /// Rotary position embedding of this [tokens, heads, size].
    ///
    /// Element i of a head is paired with element i + pairs, as in Transformers; `cosine` and
    /// `sine` of the angles are [tokens, pairs]. Elements behind the first 2 * pairs stay. Source:
    /// RoFormer, arXiv 2104.09864.
    public func rotated(cosine: Tensor, sine: Tensor) -> Tensor {
        Tensor { ctorch_rope(handle, cosine.handle, sine.handle, $0) }
    }
}

/// What opens the gate of an MLP.
public enum GateActivation: Sendable {
    /// x * sigmoid(x).
    case silu
    /// GELU in its tanh form (arXiv 1606.08415).
    case gelu
}
