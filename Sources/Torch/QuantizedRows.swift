import CTorch

/// A frozen weight [out, in] in 8 bits: integers of -127...127, and a scale for each row.
///
/// Row-wise absmax (Dettmers et al. 2022, arXiv 2208.07339): a row's scale is its largest magnitude
/// / 127, and each element the nearest multiple of it.
public struct QuantizedRows {
    private let codes: Tensor  // [out, in], int8
    private let scales: Tensor  // [out]

    private init(codes: Tensor, scales: Tensor) {
        self.codes = codes
        self.scales = scales
    }

    /// A weight of zeros [out, in].
    public init(zeros shape: [Int], device: Device = .cpu) {
        precondition(shape.count == 2, "a weight of shape \(shape) has no rows")
        codes = .zeros(shape, dtype: .int8, device: device)
        scales = .zeros([shape[0]], device: device)
    }

    /// The sizes: [out, in].
    public var shape: [Int] { codes.shape }

    /// Takes the values of a weight of the same shape, rounded.
    public func assign(_ weight: Tensor) {
        check(
            ctorch_quantize_rows(weight.handle, codes.handle, scales.handle),
            "QuantizedRows.assign"
        )
    }

    /// The rows `start ..< start + length`; a view.
    public func rows(start: Int, length: Int) -> QuantizedRows {
        QuantizedRows(
            codes: codes.narrowed(0, start: start, length: length),
            scales: scales.narrowed(0, start: start, length: length)
        )
    }

    /// The weight in float32, rounded as it is: [out, in].
    public func dequantized() -> Tensor {
        codes.to(.float32) * scales.reshaped([-1, 1])
    }

    /// `x` [..., in] times the transpose of this weight, plus a bias [out], in the type of `x`.
    ///
    /// With `roundsInput` each token's `x` is rounded to 8 bits too, by its own absmax, and the
    /// product is one of integers. The gradient is that of the other product in both cases.
    public func product(
        _ x: Tensor,
        bias: Tensor? = nil,
        roundsInput: Bool = false
    ) -> Tensor {
        Tensor {
            ctorch_quantized_linear(
                x.handle,
                codes.handle,
                scales.handle,
                bias?.handle,
                roundsInput,
                $0
            )
        }
    }
}
