/// What is wrong with a vocabulary; every case prints as one sentence.
public enum TokenizationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A value is missing or contradicts another one.
    case invalid(file: String, key: String, expected: String, found: String)
    /// A kind of vocabulary that this library does not implement.
    case unsupported(file: String, key: String, found: String, supported: [String])

    /// One sentence that names file, key, expected and found.
    public var description: String {
        switch self {
        case .invalid(let file, let key, let expected, let found):
            "\(file): \(key): expected \(expected), found \(found)"
        case .unsupported(let file, let key, let found, let supported):
            "\(file): \(key): \(found) is not supported; supported: "
                + supported.joined(separator: ", ")
        }
    }
}
