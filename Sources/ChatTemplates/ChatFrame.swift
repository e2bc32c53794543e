/// What a chat template puts around a user's only message, up to where the model answers.
public struct ChatFrame: Sendable {
    /// A prompt in its conversation.
    public struct Prompt: Equatable, Sendable {
        /// The whole text.
        public let text: String
        /// The part of it before the user's words.
        public let before: String
        /// The part of it behind the user's words.
        public let after: String
    }

    /// White space between the end of a prompt and an answer, as the template writes the model's
    /// messages.
    public let answerSpace: String

    private let template: ChatTemplate
    /// The conversation of ``mark``.
    private let marked: [Unicode.Scalar]

    /// A message that no user writes, of a scalar for private use.
    private static let mark = "\u{f8ff}"

    /// The frame of a template.
    ///
    /// - Throws: ``ChatTemplateError`` where the template is faulty or leaves the message out.
    public init(_ source: ChatTemplateSource) throws {
        template = try ChatTemplate(source)
        let question = ChatTemplate.Message(role: "user", content: Self.mark)
        let prompt = try template.text(of: [question])
        guard prompt.unicodeScalars.contains(where: { String($0) == Self.mark }) else {
            throw ChatTemplateError(
                file: source.file,
                line: 1,
                problem: "expected a text with the user's message, found one without it"
            )
        }
        marked = Array(prompt.unicodeScalars)
        answerSpace = Self.answerSpace(behind: prompt, question, template)
    }

    /// A user's message in its conversation.
    ///
    /// - Throws: ``ChatTemplateError`` where the template refuses or cannot render it.
    public func prompt(_ message: String) throws -> Prompt {
        let text = try template.text(of: [.init(role: "user", content: message)])
        let scalars = Array(text.unicodeScalars)
        let before = zip(scalars, marked).prefix { $0 == $1 }.count
        let after = zip(scalars[before...].reversed(), marked[before...].reversed())
            .prefix { $0 == $1 }.count
        return Prompt(
            text: text,
            before: TemplateText(scalars.prefix(before)).string,
            after: TemplateText(scalars.suffix(after)).string
        )
    }

    /// The white space before the answer to a prompt; none where the template does not say.
    private static func answerSpace(
        behind prompt: String,
        _ question: ChatTemplate.Message,
        _ template: ChatTemplate
    ) -> String {
        let answer = ChatTemplate.Message(role: "assistant", content: mark)
        let answered = try? template.text(of: [question, answer], addsGenerationPrompt: false)
        guard let scalars = answered?.unicodeScalars,
            scalars.starts(with: prompt.unicodeScalars)
        else { return "" }
        let rest = scalars.dropFirst(prompt.unicodeScalars.count)
        let space = TemplateText(rest.prefix(while: \.isPythonSpace))
        return rest.dropFirst(space.count).starts(with: mark.unicodeScalars) ? space.string : ""
    }
}
