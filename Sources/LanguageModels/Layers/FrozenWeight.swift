import Torch

/// The weight of a linear layer [out, in], in the format of the model.
public enum FrozenWeight {
    /// Numbers of a floating type.
    case dense(Tensor)
    /// In 8 bits; `roundsInput` says whether forward products are of integers.
    case int8(QuantizedRows, roundsInput: Bool)

    /// A weight of zeros [out, in], to be filled by ``assign(_:)``.
    init(zeros shape: [Int], _ format: WeightFormat, device: Device) {
        switch format {
        case .float32: self = .dense(.zeros(shape, device: device))
        case .bfloat16, .int8Wide:
            self = .dense(.zeros(shape, dtype: .bfloat16, device: device))
        case .int8, .int8Dynamic:
            self = .int8(
                QuantizedRows(zeros: shape, device: device),
                roundsInput: format == .int8Dynamic
            )
        }
    }

    /// The sizes: [out, in].
    public var shape: [Int] {
        switch self {
        case .dense(let weight): weight.shape
        case .int8(let weight, _): weight.shape
        }
    }

    /// Takes the values of a float32 weight of the same shape.
    func assign(_ values: Tensor) {
        switch self {
        case .dense(let weight): weight.copyInPlace(values)
        case .int8(let weight, _): weight.assign(values)
        }
    }

    /// The rows `start ..< start + length`; a view.
    func rows(start: Int, length: Int) -> FrozenWeight {
        switch self {
        case .dense(let weight): .dense(weight.narrowed(0, start: start, length: length))
        case .int8(let weight, let roundsInput):
            .int8(weight.rows(start: start, length: length), roundsInput: roundsInput)
        }
    }

    /// `x` [tokens, in] times the transpose of the weight, plus a bias [out], in the type of `x`.
    public func product(_ x: Tensor, bias: Tensor?) -> Tensor {
        switch self {
        case .dense(let weight): x.frozenLinear(weight, bias: bias)
        case .int8(let weight, let roundsInput):
            weight.product(x, bias: bias, roundsInput: roundsInput)
        }
    }
}
