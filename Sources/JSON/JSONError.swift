/// Why a JSON file cannot be used; every case prints as one sentence.
public enum JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file cannot be read from disk.
    case unreadable(file: String, reason: String)
    /// The file is not JSON: something else was expected at a line and a column (in Unicode
    /// scalars), both counted from 1.
    case malformed(file: String, line: Int, column: Int, expected: String, found: String)
    /// A value is missing, has the wrong type, or contradicts another one.
    case invalid(file: String, key: String, expected: String, found: String)
    /// A value that is valid but not served by this package.
    case unsupported(file: String, key: String, found: String, supported: [String])

    /// One sentence that names file, key, expected and found.
    public var description: String { "\(file): \(problem)" }

    /// The file.
    public var file: String {
        switch self {
        case .unreadable(let file, _), .malformed(let file, _, _, _, _),
            .invalid(let file, _, _, _), .unsupported(let file, _, _, _):
            file
        }
    }

    /// What is wrong, as the clause that follows the file in ``description``.
    public var problem: String {
        switch self {
        case .unreadable(_, let reason):
            "cannot be read: \(reason)"
        case .malformed(_, let line, let column, let expected, let found):
            "not valid JSON at line \(line), column \(column): expected \(expected), found \(found)"
        case .invalid(_, let key, let expected, let found):
            "\(key): expected \(expected), found \(found)"
        case .unsupported(_, let key, let found, let supported):
            "\(key): \(found) is not supported; supported: " + supported.joined(separator: ", ")
        }
    }
}

extension String {
    /// The string in quotes, with control characters escaped and cut to a length that fits a line.
    public var quoted: String {
        let limit = 60
        let escaped = unicodeScalars.prefix(limit).map { $0.escaped(asASCII: !$0.isPrintable) }
            .joined()
        return "\"" + escaped + (unicodeScalars.count > limit ? "…" : "") + "\""
    }
}
