/// The type of a tensor's elements; raw values are the spellings of the safetensors format.
public enum ElementType: String, CaseIterable, Sendable {
    /// IEEE 754 binary32.
    case float32 = "F32"
    /// IEEE 754 binary16.
    case float16 = "F16"
    /// The upper half of a binary32: 8 exponent bits, 7 fraction bits.
    case bfloat16 = "BF16"
    /// IEEE 754 binary64.
    case float64 = "F64"
    /// 4 exponent bits, 3 fraction bits, no infinities.
    case float8E4M3 = "F8_E4M3"
    /// 5 exponent bits, 2 fraction bits.
    case float8E5M2 = "F8_E5M2"
    /// Signed 8-bit integer.
    case int8 = "I8"
    /// Unsigned 8-bit integer.
    case uint8 = "U8"
    /// Signed 16-bit integer.
    case int16 = "I16"
    /// Unsigned 16-bit integer.
    case uint16 = "U16"
    /// Signed 32-bit integer.
    case int32 = "I32"
    /// Unsigned 32-bit integer.
    case uint32 = "U32"
    /// Signed 64-bit integer.
    case int64 = "I64"
    /// Unsigned 64-bit integer.
    case uint64 = "U64"
    /// One byte, 0 or 1.
    case bool = "BOOL"

    /// Bytes of one element.
    public var byteCount: Int {
        switch self {
        case .int8, .uint8, .bool, .float8E4M3, .float8E5M2: 1
        case .float16, .bfloat16, .int16, .uint16: 2
        case .float32, .int32, .uint32: 4
        case .float64, .int64, .uint64: 8
        }
    }
}

/// Elements of a tensor of that shape; `nil` for a negative size or a product beyond `Int`.
func elementCount(of shape: [Int]) -> Int? {
    var count = 1
    for size in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: size)
        guard size >= 0, !overflow else { return nil }
        count = product
    }
    return count
}

/// Bytes of a tensor of that type and shape; `nil` as for ``elementCount(of:)``.
func byteCount(of type: ElementType, shape: [Int]) -> Int? {
    guard let elements = elementCount(of: shape) else { return nil }
    let (bytes, overflow) = elements.multipliedReportingOverflow(by: type.byteCount)
    return overflow ? nil : bytes
}
