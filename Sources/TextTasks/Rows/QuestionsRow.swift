import JSON

/// A line with questions about a state, each of which is an example; targets may be missing.
///
///     {"id": "q3", "state": "Where is my card?", "questions": {"urgent": {"type": "noul", ...}},
///      "targets": {"urgent": {"true": 0.8, "false": 0.2}}}
///
/// `expected` is another name of `targets`. ``QuestionTarget`` says what a target may be.
struct QuestionsRow {
    private let id: String
    private let place: RowPlace
    private let stated: StatedQuestions
    private var targets: [String: QuestionTarget] = [:]

    init(_ line: JSONNode, at place: RowPlace) throws {
        self.place = place
        id = try place.id(of: line)
        stated = try StatedQuestions(line)
        let (targets, expected) = (try line.member("targets"), try line.member("expected"))
        if targets != nil, expected != nil {
            throw place.failure("a line should have \"targets\" or \"expected\" and has both")
        }
        for (name, node) in try (targets ?? expected)?.children() ?? [] where node.value != .null {
            guard let asked = stated.questions.first(where: { $0.id == name }) else {
                throw node.invalid(expected: "the name of a question", found: name.quoted)
            }
            self.targets[name] = try QuestionTarget(node, of: asked.question)
        }
    }

    /// An example for each question, in order.
    func row(_ style: PromptStyle) throws -> ParsedRow {
        var examples = try stated.examples(id: id, source: place.source, style: style)
        for (index, asked) in stated.questions.enumerated() {
            examples[index].label = targets[asked.id]?.label
            examples[index].targets = targets[asked.id]?.probabilities
        }
        return ParsedRow(examples: examples)
    }
}
