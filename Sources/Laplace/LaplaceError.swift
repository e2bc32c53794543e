/// What gradients of single examples cannot be made of; `description` is one sentence.
public enum LaplaceError: Error, Equatable, CustomStringConvertible {
    /// The head is adapted, and an example has answers of several tokens.
    case longAnswers(id: String, tokens: Int)

    /// One sentence that names key, what was expected and found.
    public var description: String {
        switch self {
        case .longAnswers(let id, let tokens):
            "target-modules: gradients of single examples, as Laplace and sensitivity take them,"
                + " expect answers of one token where lm_head is adapted, found \(tokens) tokens"
                + " (example \(id))"
        }
    }
}
