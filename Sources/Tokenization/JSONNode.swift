/// A JSON value with the file and key it stands at, read with checks.
struct JSONNode {
    let value: JSONValue
    let file: String
    /// The path from the root, such as `model.vocab`; empty for the root.
    let key: String

    private var place: String { key.isEmpty ? "the top level" : key }

    func invalid(expected: String, found: String? = nil) -> TokenizationError {
        .invalid(file: file, key: place, expected: expected, found: found ?? value.kind)
    }

    /// The member called `name`; nil when it is missing or null.
    func member(_ name: String) throws -> JSONNode? {
        let child = key.isEmpty ? name : "\(key).\(name)"
        for member in try members().reversed() where member.key == name {
            if case .null = member.value { return nil }
            return JSONNode(value: member.value, file: file, key: child)
        }
        return nil
    }

    func required(_ name: String) throws -> JSONNode {
        guard let node = try member(name) else {
            throw invalid(expected: "a value for \(name.quoted)", found: "none")
        }
        return node
    }

    func members() throws -> [JSONValue.Member] {
        guard case .object(let members) = value else { throw invalid(expected: "an object") }
        return members
    }

    func elements() throws -> [JSONNode] {
        guard case .array(let elements) = value else { throw invalid(expected: "an array") }
        return elements.enumerated().map {
            JSONNode(value: $1, file: file, key: "\(key)[\($0)]")
        }
    }

    func string() throws -> String {
        guard case .string(let string) = value else { throw invalid(expected: "a string") }
        return string
    }

    func bool() throws -> Bool {
        guard case .bool(let bool) = value else { throw invalid(expected: "true or false") }
        return bool
    }

    /// A non-negative integer that fits 32 bits, as all ids and counts do.
    func integer() throws -> Int {
        guard case .integer(let integer) = value, (0...Int(Int32.max)).contains(integer) else {
            throw invalid(expected: "an integer from 0 to \(Int32.max)")
        }
        return integer
    }

    func scalar() throws -> Unicode.Scalar {
        let scalars = try string().unicodeScalars
        guard let scalar = scalars.first, scalars.count == 1 else {
            throw invalid(expected: "a string of one character")
        }
        return scalar
    }

    func string(_ name: String, default value: String) throws -> String {
        try member(name)?.string() ?? value
    }

    func bool(_ name: String, default value: Bool) throws -> Bool {
        try member(name)?.bool() ?? value
    }

    /// The stage's `type`, and the error for one that is not among `supported`.
    func stageType() throws -> String { try required("type").string() }

    func unsupported(_ found: String, _ supported: [String]) -> TokenizationError {
        .unsupported(file: file, key: place, found: found.quoted, supported: supported)
    }
}
