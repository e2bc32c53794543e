extension JSONValue {
    /// The value as JSON on one line, members in their order.
    ///
    /// Numbers must be finite, as JSON has no others.
    public var json: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): Self.json(value)
        case .string(let text): Self.json(text)
        case .array(let elements): "[" + elements.map(\.json).joined(separator: ",") + "]"
        case .object(let members):
            "{"
                + members.map { Self.json($0.key) + ":" + $0.value.json }.joined(separator: ",")
                + "}"
        }
    }

    /// An object from its members, whose keys must differ.
    public static func object(of members: [(key: String, value: JSONValue)]) -> JSONValue {
        .object(members.map { Member(key: $0.key, value: $0.value) })
    }

    private static func json(_ number: Double) -> String {
        precondition(number.isFinite, "JSON has no number \(number)")
        return "\(number)"
    }

    private static func json(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { scalars.append("\\") }
            scalars.append(scalar)
        }
        return "\"" + String(scalars).printableJSON.replacing("\n", with: "\\n") + "\""
    }
}
