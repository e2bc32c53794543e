/// A prompt and the texts that may follow it, one of which is right.
public struct Example: Equatable, Sendable {
    /// How the tokens of an answer stand for it.
    public enum AnswerForm: Equatable, Sendable {
        /// The answer is one token; anything else is an error.
        case oneToken
        /// The answer's first token stands for it; those of an example must differ.
        case firstToken
    }

    /// Which part of a prompt that is too long is kept.
    public enum Truncation: Equatable, Sendable {
        /// The end, which asks for the answer.
        case keepsEnd
        /// The start, for prompts that put the question first and close with its context.
        case keepsStart
    }

    /// What a prompt brings with it around its text, such as the markers of a conversation.
    public struct Frame: Equatable, Sendable {
        /// The start of the prompt, special tokens included.
        public var before: String
        /// The end of the prompt.
        public var after: String

        /// A frame from its parts.
        public init(before: String, after: String) {
            self.before = before
            self.after = after
        }
    }

    /// The example's name, unique in its file; `file:line` where the file gives none.
    public var id: String
    /// File and line the example comes from, for messages.
    public var source: String
    /// The text before the answer.
    public var prompt: String
    /// The texts to choose from, each with its leading space where one belongs.
    public var answers: [String]
    /// Index of the right answer, or of the most probable one; nil where it is not known.
    public var label: Int?
    /// Probability of each answer where several may be right, such as shares of votes; they sum to
    /// 1. Nil where ``label`` says all.
    public var targets: [Double]?
    /// Whether the answers are levels of a scale, lowest first.
    public var isOrdered = false
    /// What examples have in common that are questions about one thing, such as their line; they
    /// stand behind each other. Nil for an example by itself.
    public var state: String?
    /// How tokens stand for an answer.
    public var answerForm: AnswerForm
    /// What is kept of a prompt that is too long.
    public var truncation: Truncation
    /// How the prompt begins and ends where it brings its special tokens; nil for one that the
    /// tokenizer's are put before.
    public var frame: Frame?

    /// An example from its parts; `source` is the id if there is no file, and `label` the most
    /// probable of the targets if it is not given.
    public init(
        id: String,
        source: String? = nil,
        prompt: String,
        answers: [String],
        label: Int?,
        targets: [Double]? = nil,
        answerForm: AnswerForm = .oneToken,
        truncation: Truncation = .keepsEnd
    ) {
        self.id = id
        self.source = source ?? id
        self.prompt = prompt
        self.answers = answers
        self.label = label ?? targets.flatMap { all in all.max().flatMap(all.firstIndex(of:)) }
        self.targets = targets
        self.answerForm = answerForm
        self.truncation = truncation
    }
}

extension Example {
    /// A prompt used as it is, with the texts that may follow it.
    ///
    /// The first token of each choice stands for it. A space goes before a choice unless the prompt
    /// ends in white space or the choice begins with some.
    public init(
        id: String = "example",
        source: String? = nil,
        prompt: String,
        choices: [String],
        label: Int? = nil
    ) {
        let promptEndsInSpace = prompt.unicodeScalars.last?.properties.isWhitespace == true
        self.init(
            id: id,
            source: source,
            prompt: prompt,
            answers: choices.map { choice in
                let startsWithSpace = choice.unicodeScalars.first?.properties.isWhitespace == true
                return promptEndsInSpace || startsWithSpace ? choice : " " + choice
            },
            label: label,
            answerForm: .firstToken
        )
    }
}
