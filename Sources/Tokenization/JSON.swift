/// A parsed JSON document, its objects with their members in order.
enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([Member])

    struct Member: Sendable {
        let key: String
        let value: JSONValue
    }

    /// What the value is, for error messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "the number \(value)"
        case .number(let value): "the number \(value)"
        case .string(let value): "the string " + value.quoted
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// A strict JSON reader (RFC 8259).
///
/// Foundation's reader joins strings that are canonically equivalent, such as "é" in one and in
/// two scalars, which are different tokens; it also boxes every value, which is slow for large
/// vocabularies.
struct JSONParser {
    private let bytes: [UInt8]
    private let file: String
    private var index = 0

    // tokenizer.json nests about six levels; the bound keeps recursion off the end of the stack.
    private static let maximumDepth = 64

    /// Parses a whole document.
    static func parse(_ bytes: [UInt8], file: String) throws -> JSONValue {
        let decoded = String(decoding: bytes, as: UTF8.self)
        guard decoded.utf8.elementsEqual(bytes) else {
            let offset = zip(decoded.utf8, bytes).prefix { $0 == $1 }.count
            throw TokenizationError.malformed(
                file: file,
                offset: offset,
                expected: "UTF-8",
                found: "another byte sequence"
            )
        }
        var parser = JSONParser(bytes: bytes, file: file)
        let value = try parser.value(depth: 0)
        parser.skipWhitespace()
        guard parser.index == bytes.count else { throw parser.failure("the end of the file") }
        return value
    }

    private init(bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
    }

    private func failure(_ expected: String) -> TokenizationError {
        let found: String
        if index >= bytes.count {
            found = "the end of the file"
        } else if (0x21..<0x7f).contains(bytes[index]) {
            found = "'\(Character(Unicode.Scalar(bytes[index])))'"
        } else {
            found = "byte \(bytes[index])"
        }
        return .malformed(file: file, offset: index, expected: expected, found: found)
    }

    private mutating func skipWhitespace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x0a, 0x0d, 0x09: index += 1
            default: return
            }
        }
    }

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func expect(_ character: Unicode.Scalar) throws {
        skipWhitespace()
        guard current == UInt8(ascii: character) else { throw failure("'\(character)'") }
        index += 1
    }

    /// Consumes `character` if it comes next.
    private mutating func consume(_ character: Unicode.Scalar) -> Bool {
        skipWhitespace()
        guard current == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func value(depth: Int) throws -> JSONValue {
        guard depth < Self.maximumDepth else {
            throw failure("at most \(Self.maximumDepth) levels of nesting")
        }
        skipWhitespace()
        switch current {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["): return .array(try elements(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
        let end = index + word.utf8CodeUnitCount
        let matches = word.withUTF8Buffer { expected in
            end <= bytes.count && bytes[index..<end].elementsEqual(expected)
        }
        guard matches else { throw failure("\(word)") }
        index = end
        return value
    }

    private mutating func members(depth: Int) throws -> [JSONValue.Member] {
        try expect("{")
        var members: [JSONValue.Member] = []
        if consume("}") { return members }
        repeat {
            skipWhitespace()
            let key = try string()
            try expect(":")
            members.append(.init(key: key, value: try value(depth: depth + 1)))
        } while consume(",")
        try expect("}")
        return members
    }

    private mutating func elements(depth: Int) throws -> [JSONValue] {
        try expect("[")
        var elements: [JSONValue] = []
        if consume("]") { return elements }
        repeat { elements.append(try value(depth: depth + 1)) } while consume(",")
        try expect("]")
        return elements
    }

    private mutating func number() throws -> JSONValue {
        let start = index
        func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }
        if current == UInt8(ascii: "-") { index += 1 }
        guard isDigit(current) else { throw failure("a value") }
        while isDigit(current) { index += 1 }
        var isInteger = true
        if current == UInt8(ascii: ".") {
            isInteger = false
            index += 1
            guard isDigit(current) else { throw failure("a digit") }
            while isDigit(current) { index += 1 }
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isInteger = false
            index += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
            guard isDigit(current) else { throw failure("a digit") }
            while isDigit(current) { index += 1 }
        }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        if isInteger, let value = Int(text) { return .integer(value) }
        guard let value = Double(text) else { throw failure("a number") }
        return .number(value)
    }

    private mutating func string() throws -> String {
        guard current == UInt8(ascii: "\"") else { throw failure("a string") }
        index += 1
        let start = index
        while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"),
            byte >= 0x20
        {
            index += 1
        }
        if current == UInt8(ascii: "\"") {
            defer { index += 1 }
            return String(decoding: bytes[start..<index], as: UTF8.self)
        }
        return try escapedString(from: start)
    }

    private mutating func escapedString(from start: Int) throws -> String {
        var content = Array(bytes[start..<index])
        while true {
            switch current {
            case UInt8(ascii: "\""):
                index += 1
                return String(decoding: content, as: UTF8.self)
            case UInt8(ascii: "\\"):
                index += 1
                content += UTF8.encode(try escape()).map { Array($0) } ?? []
            case .some(let byte) where byte >= 0x20:
                content.append(byte)
                index += 1
            default:
                throw failure("the end of a string")
            }
        }
    }

    private mutating func escape() throws -> Unicode.Scalar {
        guard let letter = current else { throw failure("an escape") }
        index += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default:
            index -= 1
            throw failure("an escape")
        }
    }

    private mutating func unicodeEscape() throws -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(UInt16(first)), current == UInt8(ascii: "\\") else {
            throw failure("a pair of surrogates")
        }
        index += 1
        guard current == UInt8(ascii: "u") else { throw failure("a pair of surrogates") }
        index += 1
        let second = try hexadecimal()
        guard UTF16.isTrailSurrogate(UInt16(second)),
            let scalar = Unicode.Scalar(0x1_0000 + ((first & 0x3ff) << 10 | second & 0x3ff))
        else { throw failure("a pair of surrogates") }
        return scalar
    }

    private mutating func hexadecimal() throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current,
                let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw failure("a hexadecimal digit") }
            value = value << 4 | UInt32(digit)
            index += 1
        }
        return value
    }
}
