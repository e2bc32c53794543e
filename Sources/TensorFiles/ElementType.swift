/// The type of a tensor's elements; raw values are the spellings of the safetensors format.
public enum ElementType: String, CaseIterable, Sendable {
    /// IEEE 754 binary32.
    case float32 = "F32"
    /// IEEE 754 binary16.
    case float16 = "F16"
    /// The upper half of a binary32: 8 exponent bits, 7 fraction bits.
    case bfloat16 = "BF16"
    /// Signed 8-bit integer.
    case int8 = "I8"
    /// Unsigned 8-bit integer.
    case uint8 = "U8"
    /// Signed 32-bit integer.
    case int32 = "I32"
    /// Signed 64-bit integer.
    case int64 = "I64"
    /// One byte, 0 or 1.
    case bool = "BOOL"

    /// Bytes of one element.
    public var byteCount: Int {
        switch self {
        case .int8, .uint8, .bool: 1
        case .float16, .bfloat16: 2
        case .float32, .int32: 4
        case .int64: 8
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
