import JSON

/// A state and questions about it, as a decision model is asked.
///
///     {"state": TEXT, "questions": {ID: QUESTION, ...}}
///
/// The state is a string, an object or an array; ``Question`` says what a QUESTION is. Other keys
/// are not looked at.
public struct StatedQuestions: Equatable, Sendable {
    /// A question and what its answer is to be called.
    public struct Named: Equatable, Sendable {
        /// The name, which no prompt shows.
        public let id: String
        /// The question.
        public let question: Question
    }

    /// What the questions are about, as the model reads it.
    public let state: String
    /// The questions in the order of the document, at least one.
    public let questions: [Named]

    /// Reads a state and its questions.
    ///
    /// - Throws: `JSONError` that names the key, what was expected and what was found.
    public init(_ node: JSONNode) throws {
        state = try node.required("state").outline()
        let list = try node.required("questions")
        questions = try list.children().map { id, question in
            guard !id.isEmpty else {
                throw list.invalid(expected: "questions with names", found: "the name \"\"")
            }
            return Named(id: id, question: try Question(question))
        }
        if questions.isEmpty { throw list.invalid(expected: "a question", found: "none") }
    }

    /// The questions as examples without labels.
    ///
    /// An example is called `id/` and the question's name, and `id` is what their ``Example/state``
    /// is. Neither has a part in the prompts, nor have the other questions.
    ///
    /// - Parameters:
    ///   - id: A name for the state, of its own among all that are asked together.
    ///   - source: Where the questions come from, for messages; by default the id.
    ///   - style: How the questions are put, which should be as in the model's training.
    /// - Returns: an example for each question, in order, with its answers in the order of
    ///   ``Question/options``.
    /// - Throws: ``TextTaskError`` where a question cannot be put in this style.
    public func examples(
        id: String,
        source: String? = nil,
        style: PromptStyle = PromptStyle()
    ) throws -> [Example] {
        try questions.map { named in
            let prompt = try QuestionPrompt(
                named.question,
                style,
                at: "\(source ?? id): questions.\(named.id)"
            )
            let name = "\(id)/\(named.id)"
            var example = prompt.example(about: state, id: name, source: source ?? name)
            example.isOrdered = named.question.isOrdered
            example.state = id
            return example
        }
    }
}
