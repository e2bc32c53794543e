/// A JSON value that keeps the order of its keys, which `JSONSerialization` does not.
enum JSONValue: Equatable, Sendable {
    case null
    case boolean(Bool)
    /// A number without fraction or exponent that fits `Int`.
    case integer(Int)
    /// Any other number, as written.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])

    /// The kind of value, for error messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .boolean: "a boolean"
        case .integer: "an integer"
        case .number(let text): "the number \(text)"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// One key of a JSON object with its value.
struct JSONMember: Equatable, Sendable {
    let key: String
    let value: JSONValue
}

/// Why and where a text is not JSON.
struct JSONProblem: Error, CustomStringConvertible {
    let reason: String
    let position: Int

    var description: String { "\(reason) at byte \(position)" }
}

/// A strict reader of RFC 8259 text that also refuses duplicate keys and deep nesting.
struct JSONReader {
    // The stack of a secondary thread is 512 KB; headers nest three deep.
    private static let maximumDepth = 64

    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var depth = 0

    /// The value that `bytes` hold, with white space allowed on either side.
    static func value(of bytes: UnsafeRawBufferPointer) throws -> JSONValue {
        var reader = JSONReader(bytes: bytes)
        let value = try reader.readValue()
        guard reader.peek() == nil else { throw reader.problem("unexpected text after the value") }
        return value
    }

    private init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private func problem(_ reason: String) -> JSONProblem {
        JSONProblem(reason: reason, position: position)
    }

    /// The next byte that is not white space, which stays unread.
    private mutating func peek() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                position += 1
            default: return bytes[position]
            }
        }
        return nil
    }

    /// Reads `character` if it comes next, white space aside.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws {
        guard take(character) else { throw problem("expected \"\(character)\"") }
    }

    private mutating func readValue() throws -> JSONValue {
        guard let first = peek() else { throw problem("unexpected end") }
        switch first {
        case UInt8(ascii: "{"): return .object(try nested { try $0.readMembers() })
        case UInt8(ascii: "["): return .array(try nested { try $0.readElements() })
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): return try readWord("true", .boolean(true))
        case UInt8(ascii: "f"): return try readWord("false", .boolean(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        default: return try readNumber()
        }
    }

    private mutating func nested<Result>(
        _ body: (inout JSONReader) throws -> Result
    ) throws -> Result {
        guard depth < Self.maximumDepth else { throw problem("nesting is too deep") }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    private mutating func readMembers() throws -> [JSONMember] {
        try expect("{")
        var members: [JSONMember] = []
        if take("}") { return members }
        var keys: Set<String> = []
        repeat {
            guard peek() == UInt8(ascii: "\"") else { throw problem("expected a key") }
            let key = try readString()
            guard keys.insert(key).inserted else { throw problem("duplicate key \"\(key)\"") }
            try expect(":")
            members.append(JSONMember(key: key, value: try readValue()))
        } while take(",")
        try expect("}")
        return members
    }

    private mutating func readElements() throws -> [JSONValue] {
        try expect("[")
        var elements: [JSONValue] = []
        if take("]") { return elements }
        repeat { elements.append(try readValue()) } while take(",")
        try expect("]")
        return elements
    }

    private mutating func readWord(_ word: String, _ value: JSONValue) throws -> JSONValue {
        guard bytes[position...].starts(with: word.utf8) else { throw problem("unknown word") }
        position += word.utf8.count
        return value
    }
}

// MARK: - Numbers and strings

extension JSONReader {
    private mutating func readNumber() throws -> JSONValue {
        let start = position
        skip("-")
        let integerStart = position
        let integerDigits = skipDigits()
        let leadingZero = integerDigits > 1 && bytes[integerStart] == UInt8(ascii: "0")
        var isValid = integerDigits > 0 && !leadingZero
        var isInteger = true
        if skip(".") {
            isInteger = false
            isValid = skipDigits() > 0 && isValid
        }
        if skip("e") || skip("E") {
            isInteger = false
            if !skip("+") { skip("-") }
            isValid = skipDigits() > 0 && isValid
        }
        guard isValid else { throw problem("expected a value") }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int(text) { return .integer(integer) }
        return .number(text)
    }

    @discardableResult
    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
            return false
        }
        position += 1
        return true
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while position < bytes.count,
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position])
        {
            position += 1
        }
        return position - start
    }

    private mutating func readString() throws -> String {
        try expect("\"")
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw problem("a string that is not UTF-8 ends")
                }
                return string
            case UInt8(ascii: "\\"):
                position += 1
                text.append(contentsOf: Array(String(try readEscape()).utf8))
            case 0..<0x20:
                throw problem("a control character is not escaped")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw problem("a string has no end")
    }

    private mutating func readEscape() throws -> Unicode.Scalar {
        guard position < bytes.count else { throw problem("a string has no end") }
        let letter = bytes[position]
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try readUnicodeEscape()
        default: throw problem("unknown escape")
        }
    }

    /// The scalar of `\uXXXX`, or of two of them that form a surrogate pair.
    private mutating func readUnicodeEscape() throws -> Unicode.Scalar {
        let first = try readHexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), skip("\\"), skip("u") else {
            throw problem("half of a surrogate pair")
        }
        let second = try readHexadecimal()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else { throw problem("half of a surrogate pair") }
        return scalar
    }

    private mutating func readHexadecimal() throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard position < bytes.count,
                let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue
            else { throw problem("expected four hexadecimal digits") }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
