/// A parsed JSON document, whose objects keep the order of their members.
public enum JSONValue: Equatable, Sendable {
    /// Nothing.
    case null
    /// True or false.
    case boolean(Bool)
    /// A number without fraction or exponent that fits `Int`.
    case integer(Int)
    /// Any other number.
    case number(Double)
    /// A text.
    case string(String)
    /// Values in order.
    case array([JSONValue])
    /// Members in the order of the file.
    case object([Member])

    /// One key of an object with its value.
    public struct Member: Equatable, Sendable {
        /// The key.
        public let key: String
        /// Its value.
        public let value: JSONValue
    }

    /// What the value is, for error messages.
    public var kind: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "the number \(value)"
        case .number(let value): "the number \(value)"
        case .string(let value): "the string " + value.quoted
        case .array: "an array"
        case .object: "an object"
        }
    }
}

extension JSONValue {
    /// The value in short, for error messages.
    public var text: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): value.quoted
        case .array(let values): values.isEmpty ? "[]" : "a list of \(values.count)"
        case .object(let members): members.isEmpty ? "{}" : "an object of \(members.count)"
        }
    }
}
