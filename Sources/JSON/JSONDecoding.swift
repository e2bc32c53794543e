/// Decodable types read from a parsed document.
extension JSONNode {
    /// The value as a type.
    ///
    /// The texts `"inf"`, `"-inf"` and `"nan"` are numbers, too, as ``JSONFile`` writes them.
    ///
    /// - Throws: ``JSONError/invalid(file:key:expected:found:)`` where a value is missing, of
    ///   another type, or none that its type takes.
    public func decode<Value: Decodable>(_: Value.Type) throws -> Value {
        if let type = Value.self as? any Scalar.Type, let value = try type.init(self) as? Value {
            return value
        }
        do {
            return try Value(from: NodeDecoder(node: self))
        } catch let error as DecodingError {
            throw failure(error)
        }
    }

    /// What a type has to say of a value that it does not take.
    private func failure(_ error: DecodingError) -> JSONError {
        guard case .dataCorrupted(let context) = error else {
            return invalid(expected: "another value")
        }
        let words = context.debugDescription.wholeMatch(of: /expected (.+), found (.+)/)
        return context.codingPath.reduce(self) { $0.place($1) }.invalid(
            expected: words.map { String($0.1) } ?? "a value that fits",
            found: words.map { String($0.2) }
        )
    }

    /// The value at a key or an index; null where there is none.
    fileprivate func place(_ key: any CodingKey) -> JSONNode {
        if let index = key.intValue {
            let elements = (try? self.elements()) ?? []
            if elements.indices.contains(index) { return elements[index] }
        }
        return (try? child(key.stringValue)) ?? absent(key.stringValue)
    }
}

/// What decodes itself by a container's own functions.
private protocol Scalar {
    init(_ node: JSONNode) throws
}

extension String: Scalar {
    fileprivate init(_ node: JSONNode) throws { self = try node.string() }
}

extension Bool: Scalar {
    fileprivate init(_ node: JSONNode) throws { self = try node.boolean() }
}

extension Int: Scalar {
    fileprivate init(_ node: JSONNode) throws {
        switch node.value {
        case .integer(let integer): self = integer
        case .number(let number):
            guard let integer = Int(exactly: number) else { fallthrough }
            self = integer
        default: throw node.invalid(expected: "a whole number")
        }
    }
}

extension Double: Scalar {
    fileprivate init(_ node: JSONNode) throws {
        switch node.value {
        case .string("inf"): self = .infinity
        case .string("-inf"): self = -.infinity
        case .string("nan"): self = .nan
        default: self = try node.number()
        }
    }
}

/// A node as decodable types see it; paths are relative to it, since each node names its own.
private struct NodeDecoder: Decoder, SingleValueDecodingContainer {
    let node: JSONNode
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy _: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Members(node: node, members: try node.members()))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        Elements(elements: try node.elements())
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { self }
    func decodeNil() -> Bool { node.value == .null }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try node.decode(type) }
}

private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let node: JSONNode
    let members: [JSONValue.Member]
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { members.compactMap { Key(stringValue: $0.key) } }

    func contains(_ key: Key) -> Bool { (try? node.child(key.stringValue)) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try value(key).value == .null }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try value(key).decode(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type,
        forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try NodeDecoder(node: value(key)).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try NodeDecoder(node: value(key)).unkeyedContainer()
    }

    func superDecoder() -> any Decoder { NodeDecoder(node: node) }
    func superDecoder(forKey key: Key) throws -> any Decoder { NodeDecoder(node: try value(key)) }

    private func value(_ key: Key) throws -> JSONNode {
        guard let value = try node.child(key.stringValue) else {
            throw node.absent(key.stringValue).invalid(expected: "a value", found: "none")
        }
        return value
    }
}

private struct Elements: UnkeyedDecodingContainer {
    let elements: [JSONNode]
    private(set) var currentIndex = 0
    var codingPath: [any CodingKey] { [] }
    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    init(elements: [JSONNode]) {
        self.elements = elements
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, elements[currentIndex].value == .null else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try next().decode(type)
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try superDecoder().container(keyedBy: type) }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try superDecoder().unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder {
        defer { currentIndex += 1 }
        return NodeDecoder(node: try next())
    }

    private func next() throws -> JSONNode {
        guard !isAtEnd else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: [],
                    debugDescription: "expected more than \(elements.count) elements, found no more"
                )
            )
        }
        return elements[currentIndex]
    }
}
