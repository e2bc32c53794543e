import JSON

/// A line of the user's own data; `id` may be left out.
///
///     {"id": "q1", "prompt": "The sky is", "choices": ["blue", "green"], "label": 0}
///     {"id": "q2", "question": "What is the sky?", "choices": ["blue", "green"], "answer": "A"}
///     {"id": "t1", "text": "Where is my card?", "label": "card_arrival"}
///     {"id": "q3", "state": "Where is my card?", "questions": {"urgent": {"type": "noul", ...}}}
///
/// The first is used as it is. The second is lettered as ARC is in the paper where letters answer,
/// else it is a ``QuestionPrompt`` without a state; ``RightChoice`` says what their `label` and
/// `answer` may be. The third is a ``LabelledText``, the fourth a ``QuestionsRow``. What is right
/// may be left out where nothing is scored.
struct UserRow: ExampleRow {
    static let standsAlone = true

    private let line: JSONNode
    private let place: RowPlace
    private let style: PromptStyle
    private let id: String
    private let choices: [String]

    static func row(
        _ line: JSONNode,
        at place: RowPlace,
        _ setting: RowSetting
    ) throws -> ParsedRow? {
        if try line.member("questions") != nil {
            return try QuestionsRow(line, at: place).row(setting.style)
        }
        if let text = try LabelledText(line, at: place) { return try setting.row(text) }
        do {
            return ParsedRow(examples: [try UserRow(line, place, setting.style).example()])
        } catch {
            guard let layout = RowLayout.of(line) else { throw error }
            throw place.failure(
                "expected \(RowLayout.own), found what looks like \(layout.name) "
                    + "(\(layout.keys.map(quoted).joined(separator: ", "))): \(layout.advice)"
            )
        }
    }

    private init(_ line: JSONNode, _ place: RowPlace, _ style: PromptStyle) throws {
        (self.line, self.place, self.style) = (line, place, style)
        id = try place.id(of: line)
        guard let list = try line.member("choices") else {
            throw place.failure("\"choices\" is missing: expected \(RowLayout.own)")
        }
        choices = try list.elements().map { try $0.string() }
        guard choices.count >= 2 else {
            throw place.failure("\"choices\" has \(choices.count) and should have at least 2")
        }
        if let index = choices.firstIndex(where: \.isEmpty) {
            throw place.failure("\"choices[\(index)]\" is empty")
        }
    }

    private func example() throws -> Example {
        switch (try line.member("prompt")?.string(), try line.member("question")?.string()) {
        case (let prompt?, nil): return try plain(prompt)
        case (nil, let question?): return try lettered(question)
        case (let prompt, _):
            throw place.failure(
                "a line should have either \"prompt\" or \"question\" and has "
                    + (prompt == nil ? "neither" : "both")
            )
        }
    }

    private func plain(_ prompt: String) throws -> Example {
        if prompt.isEmpty { throw place.failure("\"prompt\" is empty") }
        if try line.member("answer") != nil {
            throw place.failure("with \"prompt\" the right choice is given by \"label\", its index")
        }
        if style.answers == .letters || style.listsOptions == true {
            throw place.failure(
                "a line with \"prompt\" is used as it is: letters and lists of options need a "
                    + "\"question\""
            )
        }
        return Example(
            id: id,
            source: place.source,
            prompt: prompt,
            choices: choices,
            label: try rightChoice(.label, "label")
        )
    }

    private func lettered(_ question: String) throws -> Example {
        if try line.member("label") != nil {
            throw place.failure(
                "with \"question\" the right choice is given by \"answer\", a letter"
            )
        }
        let right = try rightChoice(.answer, "answer")
        let mayBeLettered = style.answers != .text && style.listsOptions != false
        if mayBeLettered, choices.count <= Prompts.letters.count {
            let orders = OptionOrders.orders(of: choices, count: style.orders).map {
                Prompts.multipleChoice(question: question, choices: choices, in: $0)
            }
            return Example(
                id: id,
                source: place.source,
                orders: orders,
                names: Array(Prompts.letters.prefix(choices.count)),
                label: right
            )
        }
        let prompt = try QuestionPrompt(
            Question(choiceOf: choices, instructions: question),
            style,
            at: place.source
        )
        return prompt.example(about: "", id: id, source: place.source, label: right)
    }

    private func rightChoice(_ form: RightChoice, _ key: String) throws -> Int? {
        try line.member(key).map { try form.index(of: $0.value, among: choices, at: place) }
    }
}
