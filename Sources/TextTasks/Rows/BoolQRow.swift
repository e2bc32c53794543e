/// A question of BoolQ with the passage that answers it; `title` is not used, as train may lack it.
///
///     {"question": "..", "title": "..", "answer": true, "passage": ".."}
struct BoolQRow: PublishedRow {
    private let question: String
    private let passage: String
    private let answer: Bool?

    func row(at place: RowPlace, _: PromptStyle) throws -> ParsedRow? {
        if passage.isEmpty { throw place.failure("\"passage\" is empty") }
        let example = Example(
            id: place.id,
            source: place.source,
            prompt: Prompts.boolQ(question: question, passage: passage),
            answers: [" False", " True"],
            label: answer.map { $0 ? 1 : 0 },
            // The question stands first and nothing after the passage asks for the answer.
            truncation: .keepsStart
        )
        return ParsedRow(examples: [example])
    }
}
