import CTorch

// Element-wise operations broadcast as in PyTorch.
extension Tensor {
    /// The sum, element by element.
    public static func + (a: Tensor, b: Tensor) -> Tensor {
        Tensor { ctorch_add(a.handle, b.handle, $0) }
    }

    /// The difference, element by element.
    public static func - (a: Tensor, b: Tensor) -> Tensor {
        Tensor { ctorch_sub(a.handle, b.handle, $0) }
    }

    /// The product, element by element.
    public static func * (a: Tensor, b: Tensor) -> Tensor {
        Tensor { ctorch_mul(a.handle, b.handle, $0) }
    }

    /// The quotient, element by element.
    public static func / (a: Tensor, b: Tensor) -> Tensor {
        Tensor { ctorch_div(a.handle, b.handle, $0) }
    }

    /// A number added to every element.
    public static func + (a: Tensor, b: Double) -> Tensor {
        Tensor { ctorch_add_scalar(a.handle, b, $0) }
    }

    /// Every element times a number.
    public static func * (a: Tensor, b: Double) -> Tensor {
        Tensor { ctorch_mul_scalar(a.handle, b, $0) }
    }

    /// Every element to a power.
    public func power(_ exponent: Double) -> Tensor {
        Tensor { ctorch_pow_scalar(handle, exponent, $0) }
    }

    /// Square roots.
    public func squareRoot() -> Tensor { Tensor { ctorch_sqrt(handle, $0) } }

    /// Exponentials.
    public func exponential() -> Tensor { Tensor { ctorch_exp(handle, $0) } }

    /// Hyperbolic tangents.
    public func hyperbolicTangent() -> Tensor { Tensor { ctorch_tanh(handle, $0) } }

    /// Natural logarithms.
    public func logarithm() -> Tensor { Tensor { ctorch_log(handle, $0) } }

    /// 1 / (1 + exp(-x)) of every element.
    public func sigmoid() -> Tensor { Tensor { ctorch_sigmoid(handle, $0) } }

    /// log(1 + exp(x)) of every element.
    public func softplus() -> Tensor { Tensor { ctorch_softplus(handle, $0) } }

    /// Absolute values.
    public func magnitude() -> Tensor { Tensor { ctorch_abs(handle, $0) } }

    /// Every element limited to a range; infinite bounds limit nothing.
    public func clamped(_ range: ClosedRange<Double>) -> Tensor {
        Tensor { ctorch_clamp(handle, range.lowerBound, range.upperBound, $0) }
    }

    /// Where elements are greater than a number (bool).
    public func greater(than bound: Double) -> Tensor {
        Tensor { ctorch_greater_scalar(handle, bound, $0) }
    }

    /// Matrix product over the last two dimensions; leading ones broadcast.
    public func matmul(_ other: Tensor) -> Tensor {
        Tensor { ctorch_matmul(handle, other.handle, $0) }
    }

    /// Logarithms of the softmax along a dimension.
    public func logSoftmax(along dimension: Int) -> Tensor {
        Tensor { ctorch_log_softmax(handle, Int64(dimension), $0) }
    }

    /// The sum of all elements, a scalar.
    public func sum() -> Tensor { Tensor { ctorch_sum(handle, $0) } }

    /// The sums along a dimension, which is gone from the result.
    public func sum(along dimension: Int) -> Tensor {
        Tensor { ctorch_sum_along(handle, Int64(dimension), $0) }
    }

    /// The mean of all elements, a scalar.
    public func mean() -> Tensor { Tensor { ctorch_mean(handle, $0) } }

    /// Quantiles of all elements at fractions of 0...1, interpolated linearly between order
    /// statistics.
    public func quantiles(_ fractions: [Double]) -> [Double] {
        Tensor { ctorch_quantile(handle, fractions, Int32(fractions.count), $0) }.doubles
    }

    /// Negative log likelihood of the labels: `self` holds log probabilities [rows, classes],
    /// `labels` int64 [rows]; a scalar, the mean or the sum over the rows.
    ///
    /// In 16 bits it is computed in float32.
    public func negativeLogLikelihood(_ labels: Tensor, mean: Bool = true) -> Tensor {
        Tensor { ctorch_nll_loss(handle, labels.handle, mean, $0) }
    }

    /// Whether no element is infinite or NaN.
    public var isFinite: Bool {
        var result = false
        check(ctorch_all_finite(handle, &result), "isFinite")
        return result
    }

    /// Whether shapes and all elements are equal.
    public func isEqual(to other: Tensor) -> Bool {
        var result = false
        check(ctorch_equal(handle, other.handle, &result), "isEqual")
        return result
    }
}

// The target keeps its storage, so every view of it sees the change.
extension Tensor {
    /// Takes the elements of `source`.
    public func copyInPlace(_ source: Tensor) {
        check(ctorch_copy_(handle, source.handle), "copyInPlace")
    }

    /// Sets every element to zero.
    public func zeroInPlace() { check(ctorch_zero_(handle), "zeroInPlace") }

    /// Multiplies every element by a number.
    public func multiplyInPlace(_ factor: Double) {
        check(ctorch_mul_scalar_(handle, factor), "multiplyInPlace")
    }

    /// Adds `factor * source`.
    public func addInPlace(_ source: Tensor, times factor: Double = 1) {
        check(ctorch_add_scaled_(handle, source.handle, factor), "addInPlace")
    }

    /// Adds `factor * a * b`.
    public func addProductInPlace(_ a: Tensor, _ b: Tensor, times factor: Double = 1) {
        check(ctorch_addcmul_(handle, a.handle, b.handle, factor), "addProductInPlace")
    }
}
