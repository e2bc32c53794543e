/// A metadata value of a GGUF file; the cases are the format's thirteen types.
public enum GGUFValue: Equatable, Sendable {
    /// Unsigned 8-bit integer.
    case uint8(UInt8)
    /// Signed 8-bit integer.
    case int8(Int8)
    /// Unsigned 16-bit integer.
    case uint16(UInt16)
    /// Signed 16-bit integer.
    case int16(Int16)
    /// Unsigned 32-bit integer.
    case uint32(UInt32)
    /// Signed 32-bit integer.
    case int32(Int32)
    /// Single-precision number.
    case float32(Float)
    /// Truth value.
    case bool(Bool)
    /// UTF-8 text.
    case string(String)
    /// Values of one type.
    case array([GGUFValue])
    /// Unsigned 64-bit integer.
    case uint64(UInt64)
    /// Signed 64-bit integer.
    case int64(Int64)
    /// Double-precision number.
    case float64(Double)

    /// The value as `Int`, for integers of any width that fit.
    var asInteger: Int? {
        switch self {
        case .uint8(let value): Int(value)
        case .int8(let value): Int(value)
        case .uint16(let value): Int(value)
        case .int16(let value): Int(value)
        case .uint32(let value): Int(value)
        case .int32(let value): Int(value)
        case .uint64(let value): Int(exactly: value)
        case .int64(let value): Int(value)
        default: nil
        }
    }

    /// The value as `Double`, for numbers of any type; beyond 2^53, integers are rounded.
    var asDouble: Double? {
        switch self {
        case .float32(let value): Double(value)
        case .float64(let value): value
        case .uint64(let value): Double(value)
        default: asInteger.map(Double.init)
        }
    }

    /// The value as text, for strings.
    var asString: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The value as truth value, for those alone.
    var asBoolean: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The elements, each turned by `element`, for arrays of which all can be.
    func asArray<Element>(of element: (GGUFValue) -> Element?) -> [Element]? {
        guard case .array(let values) = self else { return nil }
        var elements: [Element] = []
        elements.reserveCapacity(values.count)
        for value in values {
            guard let converted = element(value) else { return nil }
            elements.append(converted)
        }
        return elements
    }

    /// The type, with the value where it is a single number, for error messages.
    var kind: String {
        switch self {
        case .uint8(let value): "uint8 \(value)"
        case .int8(let value): "int8 \(value)"
        case .uint16(let value): "uint16 \(value)"
        case .int16(let value): "int16 \(value)"
        case .uint32(let value): "uint32 \(value)"
        case .int32(let value): "int32 \(value)"
        case .float32(let value): "float32 \(value)"
        case .bool(let value): "bool \(value)"
        case .string: "a string"
        case .array(let values):
            "an array of \(values.count)" + (values.first.map { ", first \($0.kind)" } ?? "")
        case .uint64(let value): "uint64 \(value)"
        case .int64(let value): "int64 \(value)"
        case .float64(let value): "float64 \(value)"
        }
    }
}

// MARK: - Typed access

extension GGUF {
    /// The text of `key`; throws ``TensorFileError`` when it is absent or no string.
    public func string(_ key: String) throws -> String { try required(key, stringIfPresent) }

    /// The integer of `key`, of any width; throws ``TensorFileError`` when it is absent, no
    /// integer, or beyond `Int`.
    public func integer(_ key: String) throws -> Int { try required(key, integerIfPresent) }

    /// The number of `key`, of any type; throws ``TensorFileError`` when it is absent or none.
    public func double(_ key: String) throws -> Double { try required(key, doubleIfPresent) }

    /// The truth value of `key`; throws ``TensorFileError`` when it is absent or none.
    public func boolean(_ key: String) throws -> Bool { try required(key, booleanIfPresent) }

    /// The texts of `key`; throws ``TensorFileError`` when it is absent or no array of strings.
    public func strings(_ key: String) throws -> [String] { try required(key, stringsIfPresent) }

    /// The integers of `key`; throws ``TensorFileError`` when it is absent or no array of integers.
    public func integers(_ key: String) throws -> [Int] { try required(key, integersIfPresent) }

    /// The numbers of `key`; throws ``TensorFileError`` when it is absent or no array of numbers.
    public func doubles(_ key: String) throws -> [Double] { try required(key, doublesIfPresent) }

    /// As ``string(_:)``, or `nil` when `key` is absent.
    public func stringIfPresent(_ key: String) throws -> String? {
        try value(key, "a string") { $0.asString }
    }

    /// As ``integer(_:)``, or `nil` when `key` is absent.
    public func integerIfPresent(_ key: String) throws -> Int? {
        try value(key, "an integer") { $0.asInteger }
    }

    /// As ``double(_:)``, or `nil` when `key` is absent.
    public func doubleIfPresent(_ key: String) throws -> Double? {
        try value(key, "a number") { $0.asDouble }
    }

    /// As ``boolean(_:)``, or `nil` when `key` is absent.
    public func booleanIfPresent(_ key: String) throws -> Bool? {
        try value(key, "a bool") { $0.asBoolean }
    }

    /// As ``strings(_:)``, or `nil` when `key` is absent.
    public func stringsIfPresent(_ key: String) throws -> [String]? {
        try value(key, "an array of strings") { $0.asArray { $0.asString } }
    }

    /// As ``integers(_:)``, or `nil` when `key` is absent.
    public func integersIfPresent(_ key: String) throws -> [Int]? {
        try value(key, "an array of integers") { $0.asArray { $0.asInteger } }
    }

    /// As ``doubles(_:)``, or `nil` when `key` is absent.
    public func doublesIfPresent(_ key: String) throws -> [Double]? {
        try value(key, "an array of numbers") { $0.asArray { $0.asDouble } }
    }

    private func required<Value>(_ key: String, _ read: (String) throws -> Value?) throws -> Value {
        guard let value = try read(key) else {
            throw TensorFileError.missingKey(file: url.path, key: key)
        }
        return value
    }

    private func value<Value>(
        _ key: String,
        _ expected: String,
        _ convert: (GGUFValue) -> Value?
    ) throws -> Value? {
        guard let value = metadata[key] else { return nil }
        guard let converted = convert(value) else {
            throw TensorFileError.wrongType(
                file: url.path,
                key: key,
                expected: expected,
                found: value.kind
            )
        }
        return converted
    }
}
