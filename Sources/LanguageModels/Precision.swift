import Torch

/// How the weights of a model's linear layers are kept.
public enum WeightFormat: String, CaseIterable, Sendable {
    /// In 32 bits.
    case float32
    /// In the upper 16 bits of float32: exact for checkpoints that are stored so.
    case bfloat16
    /// In 8 bits, each row by its largest magnitude.
    case int8
    /// As ``int8``, and the inputs of forward products are rounded to 8 bits as well.
    case int8Dynamic = "int8-dynamic"
    /// In the upper 16 bits of float32, rounded to those of 8 bits before.
    case int8Wide = "int8-wide"

    /// Bytes of a weight [output, input].
    func byteCount(input: Int, output: Int) -> Int {
        switch self {
        case .float32: 4 * input * output
        case .bfloat16, .int8Wide: 2 * input * output
        case .int8, .int8Dynamic: (input + 4) * output
        }
    }
}

extension WeightFormat {
    /// The values of a weight [out, in] as they are to be kept, but for the format.
    func rounded(_ values: Tensor) -> Tensor {
        guard self == .int8Wide else { return values }
        let rows = QuantizedRows(zeros: values.shape, device: values.device)
        rows.assign(values)
        return rows.dequantized()
    }
}

/// What products and activations of a model are computed in.
public enum ComputeType: String, CaseIterable, Sendable {
    /// Numbers of 32 bits.
    case float32
    /// The upper 16 bits of float32. Sums of a product, a norm or a softmax are float32, and so are
    /// hidden states between blocks.
    case bfloat16

    /// The type of such numbers.
    public var dtype: DType {
        switch self {
        case .float32: .float32
        case .bfloat16: .bfloat16
        }
    }

    /// What is computed in where nobody says: bfloat16 on cards that multiply it, else float32.
    public static func usual(on device: Device) -> ComputeType {
        usual(on: device, hasProducts: device.multipliesBFloat16)
    }

    static func usual(on device: Device, hasProducts: Bool?) -> ComputeType {
        device != .cpu && hasProducts == true ? .bfloat16 : .float32
    }
}

/// How precisely a model keeps its weights and how precisely it computes.
///
/// Norms and biases are float32, as are logits. Embeddings and head are kept in the type that is
/// computed in, or in the 16 bits that they are stored in where the linear layers are not float32.
public struct Precision: Hashable, Sendable {
    /// How the weights of the linear layers are kept.
    public let weights: WeightFormat
    /// What products and activations are computed in.
    public let compute: ComputeType

    /// Weights in a format, and products in a type.
    ///
    /// Products in bfloat16 read weights in bfloat16: what would be in 32 bits is kept so at once.
    public init(_ weights: WeightFormat = .float32, compute: ComputeType = .float32) {
        self.weights = weights == .float32 && compute == .bfloat16 ? .bfloat16 : weights
        self.compute = compute
    }

    /// What people should know who compute so on a device of this machine.
    public func warnings(on device: Device) -> [String] {
        warnings(on: device, hasProducts: device.multipliesBFloat16)
    }

    func warnings(on device: Device, hasProducts: Bool?) -> [String] {
        guard compute == .bfloat16, hasProducts == false else { return [] }
        let subject = device == .cpu ? "this processor" : "this card"
        return [
            "compute: \(subject) has no instructions for products in bfloat16, which take more "
                + "time on it than those in float32"
        ]
    }

    /// The type of embeddings and head; nil where they stay in the 16 bits they are stored in.
    func tableType(isStoredIn16Bits: Bool) -> DType? {
        isStoredIn16Bits && weights != .float32 ? nil : compute.dtype
    }
}
