/// Reads the values of a GGUF file one after another, never past its end.
struct GGUFReader {
    /// The file's path, for error messages.
    let path: String
    /// The next byte to read.
    private(set) var position = 0

    private let file: InputFile
    private var window: [UInt8] = []  // the bytes from `windowStart` on
    private var windowStart = 0
    private var smallElementBudget = GGUFReader.maximumSmallElements
    // Without bounds, wrong lengths in a large file, which may be a sparse one, would ask for more
    // memory than there is. Vocabularies take some 10 MB; an element takes 24 bytes in memory, and
    // of those that take one or two in the file, only a normalizer's table holds many.
    private static let maximumHeader = 1 << 28
    private static let maximumSmallElements = 1 << 20
    // Arrays of arrays are legal but unused; the bound protects the stack.
    private static let maximumDepth = 8

    /// The numbers that stand for the metadata types.
    private enum ValueType: UInt32 {
        case uint8 = 0
        case int8 = 1
        case uint16 = 2
        case int16 = 3
        case uint32 = 4
        case int32 = 5
        case float32 = 6
        case bool = 7
        case string = 8
        case array = 9
        case uint64 = 10
        case int64 = 11
        case float64 = 12

        /// The fewest bytes a value takes.
        var minimumBytes: Int {
            switch self {
            case .uint8, .int8, .bool: 1
            case .uint16, .int16: 2
            case .uint32, .int32, .float32: 4
            case .uint64, .int64, .float64, .string: 8
            case .array: 12
            }
        }
    }

    init(_ file: InputFile) {
        self.file = file
        path = file.url.path
    }

    /// Bytes of the whole file.
    var count: Int { file.count }

    private var remaining: Int { count - position }

    /// The next `size` bytes of the file.
    private mutating func next(
        _ size: Int,
        of what: @autoclosure () -> String
    ) throws -> ArraySlice<UInt8> {
        guard size <= remaining else { throw truncated(what()) }
        try checkLimit(size, what())
        let end = position + size
        if end > windowStart + window.count {
            window = try file.array(position..<min(max(end, position + 1 << 16), count))
            windowStart = position
        }
        defer { position = end }
        return window[position - windowStart..<end - windowStart]
    }

    func malformed(_ problem: String) -> TensorFileError {
        .malformed(file: path, problem: problem)
    }

    private func truncated(_ what: String) -> TensorFileError {
        malformed("\(what), at byte \(position), ends after the file, which has \(count) bytes")
    }

    private func checkLimit(_ size: Int, _ what: @autoclosure () -> String) throws {
        guard size <= Self.maximumHeader - position else {
            throw malformed(
                "\(what()), at byte \(position), ends after the limit of \(Self.maximumHeader) "
                    + "bytes for all before the tensors"
            )
        }
    }

    /// The next little-endian integer.
    mutating func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type,
        of what: @autoclosure () -> String
    ) throws -> Integer {
        let bytes = try next(MemoryLayout<Integer>.size, of: what())
        return bytes.withUnsafeBytes {
            Integer(littleEndian: $0.loadUnaligned(as: Integer.self))
        }
    }

    /// The next string: a 64-bit length and UTF-8 bytes.
    mutating func string(of what: @autoclosure () -> String) throws -> String {
        let length = try integer(UInt64.self, of: what())
        guard length <= remaining else { throw truncated(what()) }
        let start = position
        guard let string = String(validating: try next(Int(length), of: what()), as: UTF8.self)
        else { throw malformed("\(what()), at byte \(start), is not UTF-8") }
        return string
    }

    /// The next metadata value with the type before it.
    mutating func value(of what: @autoclosure () -> String) throws -> GGUFValue {
        try value(of: readType(of: what()), what(), depth: 0)
    }

    private mutating func readType(of what: @autoclosure () -> String) throws -> ValueType {
        let identifier = try integer(UInt32.self, of: what())
        guard let type = ValueType(rawValue: identifier) else {
            throw malformed("\(what()) has the unknown value type \(identifier)")
        }
        return type
    }

    private mutating func value(
        of type: ValueType,
        _ what: @autoclosure () -> String,
        depth: Int
    ) throws -> GGUFValue {
        switch type {
        case .uint8: .uint8(try integer(UInt8.self, of: what()))
        case .int8: .int8(try integer(Int8.self, of: what()))
        case .uint16: .uint16(try integer(UInt16.self, of: what()))
        case .int16: .int16(try integer(Int16.self, of: what()))
        case .uint32: .uint32(try integer(UInt32.self, of: what()))
        case .int32: .int32(try integer(Int32.self, of: what()))
        case .float32: .float32(Float(bitPattern: try integer(UInt32.self, of: what())))
        case .bool: .bool(try bool(of: what()))
        case .string: .string(try string(of: what()))
        case .array: .array(try array(of: what(), depth: depth + 1))
        case .uint64: .uint64(try integer(UInt64.self, of: what()))
        case .int64: .int64(try integer(Int64.self, of: what()))
        case .float64: .float64(Double(bitPattern: try integer(UInt64.self, of: what())))
        }
    }

    private mutating func bool(of what: @autoclosure () -> String) throws -> Bool {
        let byte = try integer(UInt8.self, of: what())
        guard byte <= 1 else {
            throw malformed("\(what()) is a bool and should be 0 or 1, found \(byte)")
        }
        return byte == 1
    }

    private mutating func array(
        of what: @autoclosure () -> String,
        depth: Int
    ) throws -> [GGUFValue] {
        guard depth <= Self.maximumDepth else { throw malformed("\(what()) is nested too deeply") }
        let type = try readType(of: what())
        let length = try integer(UInt64.self, of: what())
        guard length <= remaining / type.minimumBytes else { throw truncated(what()) }
        try checkLimit(Int(length) * type.minimumBytes, what())
        if type.minimumBytes < 4 {
            guard length <= smallElementBudget else {
                throw malformed(
                    "\(what()) has \(length) elements of one or two bytes, the limit for a file is "
                        + "\(Self.maximumSmallElements)"
                )
            }
            smallElementBudget -= Int(length)
        }
        var elements: [GGUFValue] = []
        elements.reserveCapacity(Int(length))
        for _ in 0..<length {
            elements.append(try value(of: type, what(), depth: depth))
        }
        return elements
    }
}
