import JSON

extension JSONValue {
    /// The value as a text for a model to read, the same for the same value.
    ///
    /// A string is itself. An object is a line `key: value` for each member, in the order of the
    /// file, and an array a line `- value` for each element; what has several lines itself stands
    /// below its key, two spaces further in. Other values are as in JSON.
    var outline: String {
        switch self {
        case .string(let text): text
        case .array(let elements) where !elements.isEmpty:
            elements.map { "- " + $0.outline.indentedBehindFirstLine }.joined(separator: "\n")
        case .object(let members) where !members.isEmpty:
            members.map { member in
                let text = member.value.outline
                return member.value.isNested || text.contains("\n")
                    ? "\(member.key):\n  " + text.indentedBehindFirstLine
                    : "\(member.key): \(text)"
            }
            .joined(separator: "\n")
        case .null, .boolean, .integer, .number, .array, .object: self.text
        }
    }

    /// How many arrays and objects the innermost value stands in.
    fileprivate var depth: Int {
        switch self {
        case .array(let elements): 1 + (elements.map(\.depth).max() ?? 0)
        case .object(let members): 1 + (members.map(\.value.depth).max() ?? 0)
        default: 0
        }
    }

    /// A number in it that is beyond what integers hold and may have been rounded when it was read,
    /// or is infinite since; nil where none is.
    ///
    /// Of up to 15 digits none is lost, so that 5.97e24 is what was written.
    fileprivate var roundedNumber: Double? {
        switch self {
        case .number(let number):
            number.isFinite && (abs(number) < 0x1p63 || number.isShort) ? nil : number
        case .array(let elements): elements.lazy.compactMap(\.roundedNumber).first
        case .object(let members): members.lazy.compactMap(\.value.roundedNumber).first
        default: nil
        }
    }

    /// Whether the value is a list or an object with something in it.
    private var isNested: Bool {
        switch self {
        case .array(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        default: false
        }
    }
}

extension Double {
    /// Whether the shortest text of the number has at most 15 digits before an exponent.
    fileprivate var isShort: Bool {
        "\(self)".prefix { $0 != "e" }.count(where: \.isNumber) <= 15
    }
}

extension String {
    /// The text with two spaces before each line but the first.
    var indentedBehindFirstLine: String { replacing("\n", with: "\n  ") }
}

extension JSONNode {
    /// Every level indents all lines in it: without a limit a short document is a long text.
    private static let greatestDepth = 16

    /// The value as a text for a model to read, where it may be a string, an object or an array.
    func outline() throws -> String {
        switch value {
        case .string, .array, .object: break
        default: throw invalid(expected: "a string, an object or an array")
        }
        guard value.depth <= Self.greatestDepth else {
            throw invalid(
                expected: "objects and arrays in at most \(Self.greatestDepth) levels",
                found: "\(value.depth)"
            )
        }
        if let number = value.roundedNumber {
            throw invalid(
                expected: "numbers below 2^63, or of at most 15 digits; a longer one as a text",
                found: "\(number)"
            )
        }
        return value.outline
    }
}
