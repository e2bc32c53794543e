/// A question of ARC or OpenBookQA, as published or in the Hugging Face layout.
///
///     {"id": .., "question": {"stem": .., "choices": [{"text": .., "label": ..}, ..]},
///      "answerKey": ..}
///     {"id": .., "question": .., "choices": {"text": [..], "label": [..]}, "answerKey": ..}
///
/// OpenBookQA's Hugging Face layout says `question_stem`. Labels are A-D or 1-4. Only questions
/// with four choices are used, as in the paper's code.
struct MultipleChoiceRow: PublishedRow {
    private struct Choice: Decodable {
        var text: String
        var label: String
    }

    private struct Question: Decodable {
        var stem: String
        var choices: [Choice]
    }

    private struct ChoiceColumns: Decodable {
        var text: [String]
        var label: [String]
    }

    private enum Key: String, CodingKey {
        case id
        case question
        case questionStem = "question_stem"
        case choices
        case answerKey
    }

    private let id: String?
    private let stem: String
    private let choices: [Choice]
    private let answerKey: String?

    init(from decoder: any Decoder) throws {
        let row = try decoder.container(keyedBy: Key.self)
        id = try row.decodeIfPresent(String.self, forKey: .id)
        answerKey = try row.decodeIfPresent(String.self, forKey: .answerKey)
        if row.contains(.choices) {
            stem = try row.decode(
                String.self,
                forKey: row.contains(.questionStem) ? .questionStem : .question
            )
            let columns = try row.decode(ChoiceColumns.self, forKey: .choices)
            guard columns.text.count == columns.label.count else {
                throw DecodingError.dataCorruptedError(
                    forKey: .choices,
                    in: row,
                    debugDescription: "expected as many values of \"label\" as of \"text\", "
                        + "\(columns.text.count), found \(columns.label.count)"
                )
            }
            choices = zip(columns.text, columns.label).map { Choice(text: $0, label: $1) }
        } else {
            let question = try row.decode(Question.self, forKey: .question)
            stem = question.stem
            choices = question.choices
        }
    }

    func row(at place: RowPlace, _ style: PromptStyle) throws -> ParsedRow? {
        let labels = choices.map(\.label)
        guard Set(labels).count == labels.count else {
            throw place.failure("the choices' labels \(labels) are not distinct")
        }
        if let empty = choices.first(where: { $0.text.isEmpty }) {
            throw place.failure("the text of choice \(quoted(empty.label)) is empty")
        }
        var label: Int?
        // The Hugging Face layout writes "" where the answer is withheld.
        if let answerKey, !answerKey.isEmpty {
            guard let index = labels.firstIndex(of: answerKey) else {
                throw place.failure(
                    "\"answerKey\" is \(quoted(answerKey)) and should be one of "
                        + labels.map(quoted).joined(separator: ", ")
                )
            }
            label = index
        }
        guard choices.count == 4 else { return nil }
        let texts = choices.map(\.text)
        let orders = OptionOrders.orders(of: texts, count: style.orders).map {
            Prompts.multipleChoice(question: stem, choices: texts, in: $0)
        }
        let example = Example(
            id: id ?? place.id,
            source: place.source,
            orders: orders,
            names: Array(Prompts.letters.prefix(texts.count)),
            label: label
        )
        return ParsedRow(examples: [example])
    }
}
