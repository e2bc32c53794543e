/// The labels that texts may have, and the question which of them a text has.
struct LabelSet {
    /// The labels in sorted order.
    let names: [String]
    /// Where they come from, for messages.
    let source: String
    private let places: [String: Int]
    private let prompt: QuestionPrompt

    /// The question that a text is put with; version 1 of the rendering.
    static let instructions = "Which label fits the text?"

    /// Labels in any order, some of them repeatedly; prompts do not list them unless `style` says
    /// so.
    ///
    /// Throws ``TextTaskError`` where there are fewer than two, or the style cannot ask for them.
    init(_ labels: some Sequence<String>, source: String, _ style: PromptStyle) throws {
        names = Set(labels).sorted()
        self.source = source
        guard names.count > 1 else {
            throw TextTaskError.row(
                source: source,
                reason: "expected texts with at least two different labels, found "
                    + (names.first.map { "only \(quoted($0))" }
                        ?? "none (the keys, or columns, are \"label\" or \"category\")")
            )
        }
        places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        prompt = try QuestionPrompt(
            Question(choiceOf: names, instructions: Self.instructions),
            style,
            lists: false,
            at: source
        )
    }

    /// Whether texts may have a label.
    func contains(_ label: String) -> Bool { places[label] != nil }

    /// A text as an example; its label is refused where it is none of these.
    func row(_ text: LabelledText) throws -> ParsedRow {
        let label = try text.label.map { name in
            guard let label = places[name] else {
                throw text.place.failure(
                    "the label \(quoted(name)) is none of the \(names.count) of \(source): "
                        + list(names.map(quoted))
                )
            }
            return label
        }
        let example = prompt.example(
            about: text.text,
            id: text.id,
            source: text.place.source,
            label: label
        )
        return ParsedRow(examples: [example])
    }
}
