import JSON

/// A model's chat template: the text that a conversation becomes for the model.
///
/// Templates are written in Jinja. This is an interpreter of what those of language models use, as
/// Transformers runs them: `ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)`
/// with loop controls, `generation` blocks, `raise_exception`, `strftime_now` and a `tojson` that
/// does not escape HTML. What is not served throws where it is reached.
public struct ChatTemplate: Sendable {
    /// What a participant of a conversation says.
    public struct Message: Equatable, Sendable {
        /// `system`, `user` or `assistant`.
        public var role: String
        /// The text.
        public var content: String

        /// A message.
        public init(role: String, content: String) {
            self.role = role
            self.content = content
        }
    }

    private let statements: [TemplateStatement]
    private let source: ChatTemplateSource

    /// Reads a template.
    ///
    /// - Throws: ``ChatTemplateError`` for what is no Jinja, or a statement that is not served.
    public init(_ source: ChatTemplateSource) throws {
        self.source = source
        statements = try Self.naming(source.file) {
            try StatementParser.statements(of: source.text)
        }
    }

    /// The text of a conversation; with `addsGenerationPrompt` the next words are the model's.
    ///
    /// - Throws: ``ChatTemplateError`` for what is not served, what fails, and what the template
    ///   itself refuses.
    public func text(of messages: [Message], addsGenerationPrompt: Bool = true) throws -> String {
        var variables = source.specialTokens.mapValues { TemplateValue.text($0) }
        variables["messages"] = .list(messages.map(\.value))
        variables["add_generation_prompt"] = .boolean(addsGenerationPrompt)
        variables["tools"] = TemplateValue.none
        variables["documents"] = TemplateValue.none
        return try text(with: variables)
    }

    func text(
        with variables: [String: TemplateValue],
        date: TemplateDate = .fixed
    ) throws -> String {
        try Self.naming(source.file) {
            let allowance = try TemplateAllowance(for: variables.values)
            let start = TemplateRenderer(variables, date: date, allowance: allowance)
            return try TemplateRenderer.text(of: statements, start)
        }
    }

    /// Adds the file to the faults of `body`.
    private static func naming<Result>(_ file: String, _ body: () throws -> Result) throws -> Result
    {
        do {
            return try body()
        } catch let fault as TemplateFaultAtLine {
            throw ChatTemplateError(file: file, line: fault.line, problem: fault.problem)
        } catch let fault as TemplateFault {
            throw ChatTemplateError(file: file, line: 1, problem: fault.problem)
        }
    }
}

extension ChatTemplate.Message {
    fileprivate var value: TemplateValue {
        var members = TemplateDictionary()
        members[.text("role")] = .text(role)
        members[.text("content")] = .text(content)
        return .dictionary(members)
    }
}
