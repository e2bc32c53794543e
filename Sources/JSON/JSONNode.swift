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

    /// The root of the JSON document in `bytes`, strictly as RFC 8259 has it.
    ///
    /// - Parameters:
    ///   - bytes: The document in UTF-8, without a byte order mark.
    ///   - file: What errors call the document.
    ///   - hasUniqueKeys: Whether to refuse an object in which a key comes twice. Canonically
    ///     equivalent keys are the same here, as they are in a `Dictionary`. Without this check,
    ///     ``member(_:)`` finds the last member of a name.
    /// - Throws: ``JSONError/malformed(file:offset:expected:found:)``.
    public init(
        parsing bytes: some Sequence<UInt8>,
        file: String,
        hasUniqueKeys: Bool = false
    ) throws {
        value = try JSONParser.parse(Array(bytes), file: file, hasUniqueKeys: hasUniqueKeys)
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
            if let bytes = try FileSystem.bytes(of: url) { return bytes }
        } catch let error as FileError {
            throw JSONError.unreadable(file: url.path, reason: error.reason)
        }
        throw JSONError.unreadable(file: url.path, reason: "no such file")
    }

    private init(value: JSONValue, file: String, key: String) {
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
        let child = key.isEmpty ? name : "\(key).\(name)"
        let member = try members().last { $0.key.utf8.elementsEqual(name.utf8) }
        guard let member, member.value != .null else { return nil }
        return JSONNode(value: member.value, file: file, key: child)
    }

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

    /// The elements of an array.
    public func elements() throws -> [JSONNode] {
        guard case .array(let elements) = value else { throw invalid(expected: "an array") }
        return elements.enumerated().map {
            JSONNode(value: $1, file: file, key: "\(key)[\($0)]")
        }
    }

    /// The value at a decoder's path; null where there is none.
    func value(at path: [any CodingKey]) -> JSONNode {
        path.reduce(self) { node, key in
            if let index = key.intValue {
                let elements = (try? node.elements()) ?? []
                if elements.indices.contains(index) { return elements[index] }
                return JSONNode(value: .null, file: file, key: "\(node.key)[\(index)]")
            }
            let place = node.key.isEmpty ? key.stringValue : "\(node.key).\(key.stringValue)"
            return (try? node.member(key.stringValue))
                ?? JSONNode(value: .null, file: file, key: place)
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
