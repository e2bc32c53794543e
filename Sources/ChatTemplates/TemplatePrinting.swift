extension TemplateValue {
    /// The value as `str` prints it.
    func printed() throws -> TemplateText {
        switch self {
        case .undefined: []
        case .text(let text): text
        default: TemplateText(try represented())
        }
    }

    /// The value as `repr` prints it.
    private func represented() throws -> String {
        switch self {
        case .none: return "None"
        case .boolean(let value): return value ? "True" : "False"
        case .integer(let value): return "\(value)"
        case .float(let value): return "\(value)"
        case .text(let text): return text.represented
        case .undefined: return "Undefined"
        case .list(let values):
            return try "[" + values.map { try $0.represented() }.joined(separator: ", ") + "]"
        case .tuple(let values):
            let list = try values.map { try $0.represented() }.joined(separator: ", ")
            return "(" + list + (values.count == 1 ? ",)" : ")")
        case .dictionary(let dictionary):
            let members = try dictionary.members.map {
                try $0.key.represented() + ": " + $0.value.represented()
            }
            return "{" + members.joined(separator: ", ") + "}"
        default: throw TemplateFault("a value of type \(typeName) cannot be printed")
        }
    }
}

extension TemplateText {
    /// In the quotes that need no escape, with escapes of what does not print.
    fileprivate var represented: String {
        let quote: Unicode.Scalar = contains("'") && !contains("\"") ? "\"" : "'"
        let escapes: [Unicode.Scalar: String] = [
            "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", quote: "\\\(quote)",
        ]
        let content = map { scalar in
            if let escape = escapes[scalar] { return escape }
            switch scalar.properties.generalCategory {
            case .control, .format, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                return scalar.pythonEscape
            case .spaceSeparator: return scalar == " " ? " " : scalar.pythonEscape
            default: return String(scalar)
            }
        }
        return "\(quote)\(content.joined())\(quote)"
    }
}

extension Unicode.Scalar {
    fileprivate var pythonEscape: String {
        switch value {
        case ..<0x100: "\\x" + value.hexadecimal(digits: 2)
        case ..<0x1_0000: "\\u" + value.hexadecimal(digits: 4)
        default: "\\U" + value.hexadecimal(digits: 8)
        }
    }
}

extension UnsignedInteger {
    fileprivate func hexadecimal(digits: Int) -> String {
        let text = String(self, radix: 16)
        return String(repeating: "0", count: Swift.max(0, digits - text.utf8.count)) + text
    }
}

/// JSON as Python's `json.dumps` writes it.
struct TemplateJSON {
    var isASCII = false
    /// What a level is indented by; nil for a single line.
    var indentation: TemplateText?
    var itemSeparator: String
    var keySeparator: String
    var sortsKeys = false

    func text(of value: TemplateValue, level: Int = 0) throws -> String {
        switch value {
        case .none: return "null"
        case .boolean(let value): return value ? "true" : "false"
        case .integer(let value): return "\(value)"
        case .float(let value):
            if value.isNaN { return "NaN" }
            return value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : "\(value)"
        case .text(let text): return quoted(text)
        case .list(let values), .tuple(let values):
            return block("[", try values.map { try text(of: $0, level: level + 1) }, "]", level)
        case .dictionary(let dictionary):
            var members = try dictionary.members.map { (try key($0.key), $0.value) }
            if sortsKeys { members.sort { $0.0.lexicographicallyPrecedes($1.0) } }
            let lines = try members.map {
                try quoted($0.0) + keySeparator + text(of: $0.1, level: level + 1)
            }
            return block("{", lines, "}", level)
        default: throw TemplateFault("a value of type \(value.typeName) has no form in JSON")
        }
    }

    private func block(_ open: String, _ parts: [String], _ close: String, _ level: Int) -> String {
        guard let indentation, !parts.isEmpty else {
            return open + parts.joined(separator: itemSeparator) + close
        }
        func line(_ level: Int) -> String {
            "\n" + String(repeating: indentation.string, count: level)
        }
        let inner = line(level + 1)
        return open + inner + parts.joined(separator: itemSeparator + inner) + line(level) + close
    }

    private func key(_ key: TemplateValue) throws -> TemplateText {
        switch key {
        case .text(let text): return text
        case .none, .boolean, .integer, .float: return TemplateText(try text(of: key))
        default: throw TemplateFault("a key of type \(key.typeName) has no form in JSON")
        }
    }

    private static let escapes: [Unicode.Scalar: String] = [
        "\"": "\\\"", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u{08}": "\\b",
        "\u{0c}": "\\f",
    ]

    private func quoted(_ text: TemplateText) -> String {
        let content = text.map { scalar in
            if let escape = Self.escapes[scalar] { return escape }
            guard scalar.value < 0x20 || isASCII && !scalar.isASCII else { return String(scalar) }
            return scalar.utf16.map { "\\u" + $0.hexadecimal(digits: 4) }.joined()
        }
        return "\"" + content.joined() + "\""
    }
}
