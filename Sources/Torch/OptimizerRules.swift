import CTorch

// The rules of optimizers over vectors of all parameters, which change in place: on a card each is
// one kernel. Vectors have one length and one type.

/// The numbers of a step of IVON; symbols are those of arXiv 2402.17641, algorithm 1.
public struct IVONRule {
    /// Decay of the momentum (β₁) and of the Hessian (β₂), 0 ..< 1.
    public var beta1, beta2: Double
    /// The effective sample size (λ).
    public var sampleSize: Double
    /// The weight decay (δ).
    public var decay: Double
    /// A factor of the momentum: 1 / (1 - β₁ᵗ), or 1.
    public var debias: Double
    /// The bound of each element of the preconditioned step (ξ); may be infinite.
    public var radius: Double
    /// The learning rate (α).
    public var rate: Double

    /// The rule of those numbers.
    public init(
        beta1: Double,
        beta2: Double,
        sampleSize: Double,
        decay: Double,
        debias: Double,
        radius: Double,
        rate: Double
    ) {
        (self.beta1, self.beta2, self.sampleSize) = (beta1, beta2, sampleSize)
        (self.decay, self.debias, self.radius, self.rate) = (decay, debias, radius, rate)
    }
}

/// The numbers of a step of AdamW (arXiv 1711.05101).
public struct AdamWRule {
    /// Decay of the first moment (β₁) and of the second (β₂), 0 ..< 1.
    public var beta1, beta2: Double
    /// A factor of the second moment's root, 1 / √(1 - β₂ᵗ), and what is added to it then (ε).
    public var rootScale, epsilon: Double
    /// A factor of the values: 1 less the decoupled weight decay.
    public var shrinkage: Double
    /// The learning rate over 1 - β₁ᵗ.
    public var rate: Double

    /// The rule of those numbers.
    public init(
        beta1: Double,
        beta2: Double,
        rootScale: Double,
        epsilon: Double,
        shrinkage: Double,
        rate: Double
    ) {
        (self.beta1, self.beta2, self.rootScale) = (beta1, beta2, rootScale)
        (self.epsilon, self.shrinkage, self.rate) = (epsilon, shrinkage, rate)
    }
}

extension Tensor {
    /// Takes IVON's draw m + ε / √(λ (h + δ)), given that this is the mean m, which is kept.
    ///
    /// `offset` is ε, standard normal numbers, before and what was added to m after.
    public func drawInPlace(
        keeping mean: Tensor,
        offset: Tensor,
        hessian: Tensor,
        sampleSize: Double,
        decay: Double
    ) {
        let status = ctorch_ivon_draw(
            handle,
            mean.handle,
            offset.handle,
            hessian.handle,
            sampleSize,
            decay
        )
        check(status, "drawInPlace")
    }

    /// Takes IVON's step of this mean, of the Hessian and of the momentum, from the means of the
    /// gradient and of gradient times offset over the draws; the prior is around `prior`, or 0.
    ///
    /// - Returns: the share of the elements that the radius bounded [].
    public func stepInPlace(
        by rule: IVONRule,
        hessian: Tensor,
        momentum: Tensor,
        gradient: Tensor,
        product: Tensor,
        prior: Tensor?
    ) -> Tensor {
        var numbers = ctorch_ivon_rule(
            beta1: rule.beta1,
            beta2: rule.beta2,
            sample_size: rule.sampleSize,
            decay: rule.decay,
            debias: rule.debias,
            radius: rule.radius,
            rate: rule.rate
        )
        return Tensor {
            ctorch_ivon_step(
                handle,
                hessian.handle,
                momentum.handle,
                gradient.handle,
                product.handle,
                prior?.handle,
                &numbers,
                $0
            )
        }
    }

    /// Takes AdamW's step of these values and of the two moments.
    public func stepInPlace(
        by rule: AdamWRule,
        firstMoment: Tensor,
        secondMoment: Tensor,
        gradient: Tensor
    ) {
        var numbers = ctorch_adamw_rule(
            beta1: rule.beta1,
            beta2: rule.beta2,
            root_scale: rule.rootScale,
            epsilon: rule.epsilon,
            shrinkage: rule.shrinkage,
            rate: rule.rate
        )
        let status = ctorch_adamw_step(
            handle,
            firstMoment.handle,
            secondMoment.handle,
            gradient.handle,
            &numbers
        )
        check(status, "stepInPlace")
    }
}
