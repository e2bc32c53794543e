import Foundation

/// A JSON Lines file, or a line of it, that cannot be used, and why.
public struct JSONLinesError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// The file's path.
    public let file: String
    /// The line, counted from 1; nil if the fault is the whole file's.
    public let line: Int?
    /// What is wrong, as a clause without a final dot.
    public let reason: String

    /// An error about `line` of `file`, or about the whole file.
    public init(file: String, line: Int?, reason: String) {
        self.file = file
        self.line = line
        self.reason = reason
    }

    /// One sentence: file, line and reason.
    public var description: String {
        "\(file)\(line.map { ":\($0)" } ?? ""): \(reason)"
    }

    /// The same as ``description``.
    public var errorDescription: String? { description }
}

/// The decoder's finding as a clause that names the key.
public func sentence(for error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context):
        let keys = context.codingPath + [key]
        return "the key \(path(keys)) is missing"
    case .typeMismatch(let type, let context):
        return "\(subject(context.codingPath)) should be \(name(of: type))"
    case .valueNotFound(let type, let context):
        return "\(subject(context.codingPath)) is null and should be \(name(of: type))"
    case .dataCorrupted(let context) where context.codingPath.isEmpty:
        // Foundation reports a number that does not fit, as 0.5 for a whole one, like this too.
        return "the line is not valid JSON, or holds a number that does not fit"
    case .dataCorrupted(let context):
        let detail = context.debugDescription
        let clause = detail.hasSuffix(".") ? String(detail.dropLast()) : detail
        return "\(subject(context.codingPath)) cannot be used: \(clause)"
    @unknown default:
        return "the line cannot be decoded"
    }
}

private func subject(_ keys: [any CodingKey]) -> String {
    keys.isEmpty ? "the line" : "the value of \(path(keys))"
}

private func path(_ keys: [any CodingKey]) -> String {
    var text = ""
    for key in keys {
        if let index = key.intValue {
            text += "[\(index)]"
        } else {
            text += (text.isEmpty ? "" : ".") + key.stringValue
        }
    }
    return "\"\(text)\""
}

/// What a value of a type is, for messages.
func name(of type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a string"
    case is Bool.Type: "true or false"
    case is Int.Type: "a whole number"
    case is Double.Type: "a number"
    case is [String: Any].Type: "an object"
    case is [Any].Type: "a list"
    default: "a \(type)"
    }
}
