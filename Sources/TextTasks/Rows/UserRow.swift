/// A line of the user's own data, in one of two forms; `id` may be left out.
///
///     {"id": "q1", "prompt": "The sky is", "choices": ["blue", "green"], "label": 0}
///     {"id": "q2", "question": "What is the sky?", "choices": ["blue", "green"], "answer": "A"}
///
/// The first is used as it is: the model chooses between the choices' first tokens. The second is
/// lettered as ARC is in the paper. `label` and `answer` may be left out where nothing is scored.
struct UserRow: ExampleRow {
    private struct Identifier: Decodable {
        var text: String

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let number = try? value.decode(Int.self) {
                text = String(number)
            } else {
                text = try value.decode(String.self)
            }
        }
    }

    private let id: Identifier?
    private let prompt: String?
    private let question: String?
    private let choices: [String]
    // Not `Int`, for a better message where it is no whole number.
    private let label: Double?
    private let answer: String?

    func example(at place: RowPlace) throws -> ParsedExample? {
        guard choices.count >= 2 else {
            throw place.failure("\"choices\" has \(choices.count) and should have at least 2")
        }
        if let index = choices.firstIndex(where: \.isEmpty) {
            throw place.failure("\"choices[\(index)]\" is empty")
        }
        switch (prompt, question) {
        case (let prompt?, nil):
            return try ParsedExample(example: plain(prompt, at: place))
        case (nil, let question?):
            return try ParsedExample(example: lettered(question, at: place))
        default:
            throw place.failure(
                "a line should have either \"prompt\" or \"question\" and has "
                    + (prompt == nil ? "neither" : "both")
            )
        }
    }

    private func plain(_ prompt: String, at place: RowPlace) throws -> Example {
        if prompt.isEmpty { throw place.failure("\"prompt\" is empty") }
        if answer != nil {
            throw place.failure("with \"prompt\" the right choice is given by \"label\", its index")
        }
        let index = label.flatMap { Int(exactly: $0) }
        if let label, !choices.indices.contains(index ?? -1) {
            let found = index.map(String.init) ?? String(label)
            throw place.failure(
                "\"label\" is \(found) and should be a whole number within "
                    + "0...\(choices.count - 1)"
            )
        }
        return Example(
            id: id?.text ?? place.id,
            source: place.source,
            prompt: prompt,
            choices: choices,
            label: index
        )
    }

    private func lettered(_ question: String, at place: RowPlace) throws -> Example {
        if label != nil {
            throw place.failure(
                "with \"question\" the right choice is given by \"answer\", a letter"
            )
        }
        guard choices.count <= Prompts.letters.count else {
            throw place.failure(
                "\"choices\" has \(choices.count) and should have at most \(Prompts.letters.count)"
            )
        }
        let letters = Prompts.letters.prefix(choices.count)
        let index = answer.flatMap(letters.firstIndex(of:))
        if let answer, index == nil {
            throw place.failure(
                "\"answer\" is \(quoted(answer)) and should be one of "
                    + letters.map(quoted).joined(separator: ", ")
            )
        }
        return Example(
            id: id?.text ?? place.id,
            source: place.source,
            prompt: Prompts.multipleChoice(question: question, choices: choices),
            answers: letters.map { " \($0)" },
            label: index
        )
    }
}
