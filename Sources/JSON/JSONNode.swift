import Files
import Foundation

/// A JSON value with the file and key it stands at, read with checks.
public struct JSONNode: Sendable {
    /// The value.
    public let value: JSONValue
    /// The file it stands in, for messages.
    public let file: String
    /// The path from the root, such as `model.vocab`; empty for the root.
    public let key: String

    /// The root of the JSON document in `bytes`, strictly as RFC 8259 has it; an object with a key
    /// twice is refused.
    ///
    /// - Parameters:
    ///   - bytes: The document in UTF-8, without a byte order mark.
    ///   - file: What errors call the document.
    ///   - maximumValues: How many values the document may have, those in lists and objects
    ///     included: each takes some 40 bytes of memory and may take two of the text.
    /// - Throws: ``JSONError/malformed(file:line:column:expected:found:)``.
    public init(
        parsing bytes: some Sequence<UInt8>,
        file: String,
        maximumValues: Int = .max
    ) throws {
        value = try JSONParser.parse(Array(bytes), file: file, maximumValues: maximumValues)
        self.file = file
        key = ""
    }

    /// The root of the JSON file at `url`; throws ``JSONError`` when it cannot be read.
    public init(contentsOf url: URL) throws {
        try self.init(parsing: try Self.bytes(of: url), file: url.path)
    }

    /// The bytes of a file; throws ``JSONError`` when it cannot be read.
    static func bytes(of url: URL) throws -> Data {
        do {
            return try RegularFile.read(url)
        } catch let error as FileError {
            throw JSONError.unreadable(file: error.file, reason: error.reason)
        }
    }

    /// A value as if it stood at `key` in `file`.
    public init(_ value: JSONValue, file: String, key: String) {
        self.value = value
        self.file = file
        self.key = key
    }

    private var place: String { key.isEmpty ? "the top level" : key }

    /// The error that says this value is not as expected.
    public func invalid(expected: String, found: String? = nil) -> JSONError {
        .invalid(file: file, key: place, expected: expected, found: found ?? value.kind)
    }

    /// The error for a value that is not among `supported`.
    public func unsupported(_ found: String, _ supported: [String]) -> JSONError {
        .unsupported(file: file, key: place, found: found.quoted, supported: supported)
    }

    /// The member called `name`, scalar for scalar; nil when it is missing or null.
    public func member(_ name: String) throws -> JSONNode? {
        try child(name).flatMap { $0.value == .null ? nil : $0 }
    }

    /// The member called `name`, be it null; nil when it is missing.
    func child(_ name: String) throws -> JSONNode? {
        guard let member = try members().first(where: { $0.key.utf8.elementsEqual(name.utf8) })
        else { return nil }
        return JSONNode(member.value, file: file, key: path(to: name))
    }

    /// Null at the place where a member called `name` would be.
    func absent(_ name: String) -> JSONNode {
        JSONNode(.null, file: file, key: path(to: name))
    }

    private func path(to name: String) -> String { key.isEmpty ? name : "\(key).\(name)" }

    /// The member called `name`, which must be there.
    public func required(_ name: String) throws -> JSONNode {
        guard let node = try member(name) else {
            throw invalid(expected: "a value for \(name.quoted)", found: "none")
        }
        return node
    }

    /// The members of an object.
    public func members() throws -> [JSONValue.Member] {
        guard case .object(let members) = value else { throw invalid(expected: "an object") }
        return members
    }

    /// The members of an object by name, in the order of the file; null ones among them.
    public func children() throws -> [(name: String, node: JSONNode)] {
        let place = key.isEmpty ? "" : "\(key)."
        return try members().map {
            ($0.key, JSONNode($0.value, file: file, key: place + $0.key))
        }
    }

    /// The elements of an array.
    public func elements() throws -> [JSONNode] {
        guard case .array(let elements) = value else { throw invalid(expected: "an array") }
        return elements.enumerated().map {
            JSONNode($1, file: file, key: "\(key)[\($0)]")
        }
    }

    /// A text.
    public func string() throws -> String {
        guard case .string(let string) = value else { throw invalid(expected: "a string") }
        return string
    }

    /// True or false.
    public func boolean() throws -> Bool {
        guard case .boolean(let boolean) = value else { throw invalid(expected: "true or false") }
        return boolean
    }

    /// A non-negative integer that fits 32 bits, as all ids and counts do.
    public func integer() throws -> Int {
        guard case .integer(let integer) = value, (0...Int(Int32.max)).contains(integer) else {
            throw invalid(expected: "an integer from 0 to \(Int32.max)")
        }
        return integer
    }

    /// A finite number.
    public func number() throws -> Double {
        switch value {
        case .integer(let integer): return Double(integer)
        case .number(let number) where number.isFinite: return number
        default: throw invalid(expected: "a number")
        }
    }

    /// A text of one Unicode scalar.
    public func scalar() throws -> Unicode.Scalar {
        let scalars = try string().unicodeScalars
        guard let scalar = scalars.first, scalars.count == 1 else {
            throw invalid(expected: "a string of one character")
        }
        return scalar
    }
}
