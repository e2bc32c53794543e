/// Why a tokenizer could not be loaded; every case prints as one sentence.
public enum TokenizationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file cannot be read from disk.
    case unreadable(file: String, reason: String)
    /// The file is not JSON: at byte `offset` something else was expected.
    case malformed(file: String, offset: Int, expected: String, found: String)
    /// A value is missing, has the wrong type, or contradicts another one.
    case invalid(file: String, key: String, expected: String, found: String)
    /// A stage, pattern or option that this library does not implement.
    case unsupported(file: String, key: String, found: String, supported: [String])

    /// One sentence that names file, key, expected and found.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file): cannot be read: \(reason)"
        case .malformed(let file, let offset, let expected, let found):
            "\(file): not valid JSON at byte \(offset): expected \(expected), found \(found)"
        case .invalid(let file, let key, let expected, let found):
            "\(file): \(key): expected \(expected), found \(found)"
        case .unsupported(let file, let key, let found, let supported):
            "\(file): \(key): \(found) is not supported; supported: "
                + supported.joined(separator: ", ")
        }
    }
}

extension String {
    /// The string in quotes, with control characters escaped and cut to a length that fits a line.
    var quoted: String {
        let limit = 60
        let escaped = unicodeScalars.prefix(limit).map { $0.escaped(asASCII: false) }.joined()
        return "\"" + escaped + (unicodeScalars.count > limit ? "…" : "") + "\""
    }
}
