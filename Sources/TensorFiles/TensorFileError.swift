/// What can be wrong with a tensor file; `description` is one sentence that starts with the file.
public enum TensorFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file cannot be opened or read; `reason` is the operating system's or says what it is.
    case unreadable(file: String, reason: String)
    /// The tensors do not make a file; `reason` says why.
    case unwritable(file: String, reason: String)
    /// The content breaks its format; `problem` names the place, what was expected and found.
    case malformed(file: String, problem: String)
    /// The content is valid but this package does not read it.
    case unsupported(file: String, feature: String)
    /// No tensor of that name is in the file.
    case missingTensor(file: String, tensor: String)
    /// No metadata of that key is in the file.
    case missingKey(file: String, key: String)
    /// The metadata of `key` has another type than the caller asked for.
    case wrongType(file: String, key: String, expected: String, found: String)

    /// One sentence that names the file, the place in it, and what was expected and found.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
        case .unwritable(let file, let reason): "\(file): cannot be written: \(reason)"
        case .malformed(let file, let problem): "\(file): \(problem)"
        case .unsupported(let file, let feature): "\(file): \(feature) is not supported"
        case .missingTensor(let file, let tensor): "\(file): there is no tensor \"\(tensor)\""
        case .missingKey(let file, let key): "\(file): there is no metadata key \"\(key)\""
        case .wrongType(let file, let key, let expected, let found):
            "\(file): metadata key \"\(key)\" should be \(expected), found \(found)"
        }
    }
}
