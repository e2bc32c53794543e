/// What can be wrong with a model's files; `description` is one sentence.
public enum ModelError: Error, Equatable, CustomStringConvertible {
    /// The place does not hold a model; `reason` says what was looked for.
    case notFound(place: String, reason: String)
    /// A value of the configuration is missing, of the wrong type or out of range.
    case configuration(file: String, key: String, expected: String, found: String)
    /// The family or a feature is not one that this package computes.
    case unsupported(file: String, key: String, found: String, supported: String)
    /// The weights are quantised, as `evidence` shows, in a way that this package does not read.
    case quantized(file: String, evidence: String)
    /// Two tensors of the checkpoint are the same one of the model.
    case storedTwice(file: String, tensor: String, other: String)
    /// The configuration asks for a tensor that the checkpoint lacks.
    case missingTensor(file: String, tensor: String)
    /// The checkpoint holds tensors the model does not use.
    case surplusTensors(file: String, first: String, count: Int)
    /// A tensor's shape disagrees with the configuration.
    case shapeMismatch(file: String, tensor: String, expected: [Int], found: [Int])

    /// One sentence that names file, key, what was expected and found.
    public var description: String {
        switch self {
        case .notFound(let place, let reason): "\(place): \(reason)"
        case .configuration(let file, let key, let expected, let found):
            "\(file): \(key) should be \(expected), found \(found)"
        case .unsupported(let file, let key, let found, let supported):
            "\(file): \(key) is \(found), which is not supported (supported: \(supported))"
        case .quantized(let file, let evidence):
            "\(file): the weights are quantised (\(evidence)); expected the checkpoint that they"
                + " were made from, which --base-precision int8 keeps in 8 bits,"
                + " or a GGUF file of it"
        case .storedTwice(let file, let tensor, let other):
            "\(file): \(tensor) and \(other) are the same tensor of the model, expected one of them"
        case .missingTensor(let file, let tensor):
            "\(file): tensor \(tensor) is missing, which the configuration asks for"
        case .surplusTensors(let file, let first, let count):
            "\(file): holds \(count) tensor\(count == 1 ? "" : "s") that the model does not use,"
                + " such as \(first)"
        case .shapeMismatch(let file, let tensor, let expected, let found):
            "\(file): \(tensor) has shape \(found), the configuration asks for \(expected)"
        }
    }
}
