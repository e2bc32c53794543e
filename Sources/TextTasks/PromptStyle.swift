/// How rows become prompts and answers.
///
/// It is part of a run: a model answers well where it is asked as it was trained. The rendering of
/// every layout is documented, and any change to it is a new ``Version``.
public struct PromptStyle: Equatable, Sendable {
    /// What the model says to choose an option.
    public enum Answers: String, CaseIterable, Sendable {
        /// What suits the layout: letters for lettered questions of up to 26 choices, numbers for
        /// levels, else the option itself.
        case automatic = "auto"
        /// The whole text of the option.
        case text
        /// A letter that stands before the option in the prompt, and a number before a level.
        case letters
    }

    /// A documented rendering, which never changes.
    public enum Version: String, CaseIterable, Sendable {
        /// The only one so far.
        case first = "1"
    }

    /// What the model says to choose an option.
    public var answers = Answers.automatic
    /// Whether prompts list the options; nil for what suits the layout.
    public var listsOptions: Bool?
    /// Number of orders that listed options are put in, at least one; as many as options at most.
    public var orders = 1
    /// The rendering.
    public var version = Version.first

    /// What suits each layout.
    public init() {}

    /// A style from its parts.
    public init(answers: Answers, listsOptions: Bool? = nil) {
        self.answers = answers
        self.listsOptions = listsOptions
    }
}
