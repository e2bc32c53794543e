/// What can be wrong with adapter settings and files; `description` is one sentence.
public enum LoRAError: Error, Equatable, CustomStringConvertible {
    /// A setting is out of range.
    case setting(key: String, expected: String, found: String)
    /// A target names no linear layer of the model.
    case unknownTarget(name: String, available: [String])
    /// A setting of an adapter file changes what is computed, in a way this package does not.
    case unsupported(file: String, key: String, found: String, supported: String)
    /// The adapter file lacks a tensor that its settings ask for.
    case missingTensor(file: String, tensor: String)
    /// The adapter file holds tensors that its settings do not name.
    case surplusTensors(file: String, first: String, count: Int)
    /// A tensor's shape or type disagrees with model and settings.
    case mismatch(file: String, tensor: String, expected: String, found: String)
    /// Adapters are to be merged into a weight that is kept in fewer than 32 bits.
    case roundedBase(path: String, format: String)
    /// Adapters are to be merged into a weight that is the table of embeddings, too.
    case tiedBase(path: String)

    /// One sentence that names file, key, what was expected and found.
    public var description: String {
        switch self {
        case .setting(let key, let expected, let found):
            "\(key): expected \(expected), found \(found)"
        case .unknownTarget(let name, let available):
            "target_modules: the model has no linear layer \"\(name)\"; it has "
                + available.joined(separator: ", ")
        case .unsupported(let file, let key, let found, let supported):
            "\(file): \(key) is \(found), which is not supported (supported: \(supported))"
        case .missingTensor(let file, let tensor): "\(file): tensor \(tensor) is missing"
        case .surplusTensors(let file, let first, let count):
            "\(file): holds \(count) tensor\(count == 1 ? "" : "s") that the settings do not name,"
                + " such as \(first)"
        case .mismatch(let file, let tensor, let expected, let found):
            "\(file): \(tensor): expected \(expected), found \(found)"
        case .roundedBase(let path, let format):
            "\(path): adapters are merged into weights of base precision float32, found \(format)"
        case .tiedBase(let path):
            "\(path): adapters are merged into weights of their own, found the embeddings' table"
        }
    }
}
