import Foundation

/// A strict JSON reader (RFC 8259).
///
/// Foundation's reader joins strings that are canonically equivalent, such as "é" in one and in
/// two scalars, which are different tokens; it also boxes every value, which is slow for large
/// vocabularies.
struct JSONParser {
    private let bytes: [UInt8]
    private let file: String
    private let maximumValues: Int
    private var valueCount = 0
    private var index = 0

    // Files nest a few levels; the bound keeps recursion off the end of the stack.
    private static let maximumDepth = 64

    /// Parses a whole document; no object may have a key twice.
    static func parse(_ bytes: [UInt8], file: String, maximumValues: Int) throws -> JSONValue {
        var parser = JSONParser(bytes: bytes, file: file, maximumValues: maximumValues)
        guard String(validating: bytes, as: UTF8.self) != nil else {
            let repaired = String(decoding: bytes, as: UTF8.self)
            parser.index = zip(repaired.utf8, bytes).prefix { $0 == $1 }.count
            throw parser.failure("UTF-8", found: "another byte sequence")
        }
        let value = try parser.value(depth: 0)
        parser.skipWhitespace()
        guard parser.index == bytes.count else { throw parser.failure("the end of the text") }
        return value
    }

    private init(bytes: [UInt8], file: String, maximumValues: Int) {
        self.bytes = bytes
        self.file = file
        self.maximumValues = maximumValues
    }

    private func failure(_ expected: String, found: String? = nil) -> JSONError {
        let before = bytes[..<index]
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return .malformed(
            file: file,
            line: before.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 },
            column: String(decoding: before[start...], as: UTF8.self).unicodeScalars.count + 1,
            expected: expected,
            found: found ?? next
        )
    }

    /// What comes next, for messages: a word, a character, or the code of one that may not show.
    private var next: String {
        let rest = String(decoding: bytes[index...].prefix(80), as: UTF8.self).unicodeScalars
        guard let scalar = rest.first else { return "the end of the text" }
        if scalar == "\u{FEFF}" { return "a byte order mark" }
        guard ("!"..."~").contains(scalar) else {
            return "U+" + String(format: "%04X", scalar.value)
        }
        let word = rest.prefix(20).prefix { $0.isASCII && $0.properties.isAlphabetic }
        return word.isEmpty ? "'\(scalar)'" : "'\(String(word))'"
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

    /// Consumes `character` if it comes next.
    private mutating func consume(_ character: Unicode.Scalar) -> Bool {
        skipWhitespace()
        guard current == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func value(depth: Int) throws -> JSONValue {
        skipWhitespace()
        valueCount += 1
        guard valueCount <= maximumValues else {
            throw failure("at most \(maximumValues) values in a text of \(bytes.count) bytes")
        }
        switch current {
        case UInt8(ascii: "{"): return .object(try members(depth: depth))
        case UInt8(ascii: "["): return .array(try elements(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
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

    /// Passes over the bracket that opens an object or an array.
    private mutating func open(depth: Int) throws {
        guard depth < Self.maximumDepth else {
            throw failure("at most \(Self.maximumDepth) levels of nesting")
        }
        index += 1
    }

    /// Passes over the comma between two elements; false where there is none.
    private mutating func goesOn(before close: Unicode.Scalar) throws -> Bool {
        guard consume(",") else { return false }
        skipWhitespace()
        guard current != UInt8(ascii: close) else {
            throw failure("another element", found: "'\(close)' after a comma")
        }
        return true
    }

    private mutating func members(depth: Int) throws -> [JSONValue.Member] {
        try open(depth: depth)
        var members: [JSONValue.Member] = []
        if consume("}") { return members }
        var keys: Set<Key> = []
        repeat {
            skipWhitespace()
            let start = index
            guard current == UInt8(ascii: "\"") else { throw failure("a key in double quotes") }
            let key = try string()
            guard keys.insert(Key(text: key)).inserted else {
                index = start
                throw failure("distinct keys", found: "\(key.quoted) once more")
            }
            guard consume(":") else { throw failure("':'") }
            members.append(.init(key: key, value: try value(depth: depth + 1)))
        } while try goesOn(before: "}")
        guard consume("}") else { throw failure("',' or '}'") }
        return members
    }

    private mutating func elements(depth: Int) throws -> [JSONValue] {
        try open(depth: depth)
        var elements: [JSONValue] = []
        if consume("]") { return elements }
        repeat {
            elements.append(try value(depth: depth + 1))
        } while try goesOn(before: "]")
        guard consume("]") else { throw failure("',' or ']'") }
        return elements
    }

    private static func isDigit(_ byte: UInt8?) -> Bool {
        byte.map { (0x30...0x39).contains($0) } ?? false
    }

    /// Passes over one or more digits.
    private mutating func digits() throws {
        guard Self.isDigit(current) else { throw failure("a digit") }
        while Self.isDigit(current) { index += 1 }
    }

    private mutating func number() throws -> JSONValue {
        let start = index
        guard current == UInt8(ascii: "-") || Self.isDigit(current) else {
            throw failure("a value")
        }
        if current == UInt8(ascii: "-") { index += 1 }
        if current == UInt8(ascii: "0") {
            index += 1
            guard !Self.isDigit(current) else { throw failure("no digit after a leading zero") }
        } else {
            try digits()
        }
        var isInteger = true
        if current == UInt8(ascii: ".") {
            isInteger = false
            index += 1
            try digits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isInteger = false
            index += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { index += 1 }
            try digits()
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
                content.append(contentsOf: String(try escape()).utf8)
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
        let start = index - 2
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        if UTF16.isLeadSurrogate(UInt16(first)), bytes[index...].starts(with: #"\u"#.utf8) {
            index += 2
            let second = try hexadecimal()
            if UTF16.isTrailSurrogate(UInt16(second)),
                let scalar = Unicode.Scalar(0x1_0000 + ((first & 0x3ff) << 10 | second & 0x3ff))
            {
                return scalar
            }
        }
        let half = String(decoding: bytes[start..<start + 6], as: UTF8.self)
        index = start
        throw failure("a pair of surrogates", found: "\(half) alone")
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

/// A key, equal to another where every byte is, as canonically equivalent strings are not.
private struct Key: Hashable {
    let text: String

    static func == (a: Key, b: Key) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
