/// The type of a tensor's elements.
public enum DType: String, Sendable, CaseIterable {
    case uint8, int8, int32, int64, float16, float32, float64, bool, bfloat16

    /// The code of `c10::ScalarType`.
    var code: Int32 {
        switch self {
        case .uint8: 0
        case .int8: 1
        case .int32: 3
        case .int64: 4
        case .float16: 5
        case .float32: 6
        case .float64: 7
        case .bool: 11
        case .bfloat16: 15
        }
    }

    /// The type of a code that libtorch returned; only types of this enumeration are ever made.
    init(code: Int32) {
        self = Self.allCases.first { $0.code == code } ?? .float32
    }

    /// Bytes of one element.
    public var byteCount: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .float16, .bfloat16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        }
    }
}
