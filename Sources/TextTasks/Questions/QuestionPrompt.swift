import JSON

/// A question about a state as a prompt, and what may follow it.
///
/// The rendering of version 1, with what is in capitals filled in:
///
///     STATE
///
///     Question: INSTRUCTIONS
///     Options:
///     - OPTION: DESCRIPTION
///     - OPTION
///     Answer:
///
/// An option's line begins with `A. ` and so on where letters answer. The levels of a score are
/// listed under `Levels, lowest first:`, behind `0. ` and so on where numbers answer. A noul has
/// the lines `True if: DESCRIPTION` and `False if: DESCRIPTION` for what it describes, and ends in
/// `True or false:`. Lines that have nothing to say are left out, with an empty state the empty
/// line, too; further lines of a description are two spaces further in. Answers begin with a space.
///
/// The state stands first, so that questions about it share its tokens, and the question's name
/// nowhere.
struct QuestionPrompt: Equatable {
    /// What stands behind the state, in each order of the options where they are listed.
    private let wordings: [Example.Wording]
    /// What the options are called.
    private let names: [String]

    /// Renders a question; `lists` is whether its options are listed where the style does not say.
    ///
    /// Throws ``TextTaskError`` that names the place where letters are asked for and cannot answer.
    init(
        _ question: Question,
        _ style: PromptStyle,
        lists: Bool = true,
        at place: String
    ) throws {
        let isListed = style.listsOptions ?? lists
        let orders = OptionOrders.orders(
            of: question.options.map(\.name),
            count: isListed && question.kind == .choice ? style.orders : 1
        )
        // A scale's levels are numbers where numbers are listed, else what they say.
        let isNumbered = isListed && style.answers != .text
        names = isNumbered ? question.options.map(\.name) : question.optionTexts
        wordings = try orders.map {
            try Self.wording(question, style, isListed: isListed, $0, at: place)
        }
    }

    /// The question about a state, which is put in as it is.
    func example(about state: String, id: String, source: String, label: Int? = nil) -> Example {
        let wordings = wordings.map { wording in
            var whole = wording
            if !state.isEmpty { whole.prompt = "\(state)\n\n\(wording.prompt)" }
            return whole
        }
        return Example(id: id, source: source, orders: wordings, names: names, label: label)
    }

    private static func wording(
        _ question: Question,
        _ style: PromptStyle,
        isListed: Bool,
        _ order: [Int],
        at place: String
    ) throws -> Example.Wording {
        let answers: [String]
        var lines = question.instructions.map { ["Question: \($0)"] } ?? []
        switch question.kind {
        case .noul:
            for (option, word) in zip(question.options, ["False", "True"]).reversed() {
                guard let text = option.criterion?.outline else { continue }
                lines.append("\(word) if: \(text.indentedBehindFirstLine)")
            }
            lines.append("True or false:")
            answers = question.options.map { " \($0.name)" }
        case .choice, .score:
            let marks = try question.marks(style, isListed: isListed, at: place)
            if isListed {
                lines.append(question.isOrdered ? "Levels, lowest first:" : "Options:")
                let texts = question.optionLines
                for (place, option) in order.enumerated() {
                    let mark = marks.map { "\($0[place])." } ?? "-"
                    lines.append("\(mark) \(texts[option].indentedBehindFirstLine)")
                }
            }
            lines.append("Answer:")
            answers = (marks.map { OptionOrders.marks($0, in: order) } ?? question.optionTexts)
                .map { " \($0)" }
        }
        return Example.Wording(prompt: lines.joined(separator: "\n"), answers: answers)
    }
}

extension Question {
    /// What the model says to choose each option, in full.
    fileprivate var optionTexts: [String] {
        options.map { isOrdered ? $0.criterion?.outline ?? $0.name : $0.name }
    }

    /// What the prompt says of each option.
    fileprivate var optionLines: [String] {
        isOrdered
            ? optionTexts
            : options.map { $0.name + ($0.criterion.map { ": \($0.outline)" } ?? "") }
    }

    /// The letters or numbers that stand for the options; nil where their texts do.
    fileprivate func marks(
        _ style: PromptStyle,
        isListed: Bool,
        at place: String
    ) throws -> [String]? {
        switch style.answers {
        case .text: return nil
        case .automatic: return isOrdered && isListed ? options.map(\.name) : nil
        case .letters:
            guard isListed else {
                throw TextTaskError.row(
                    source: place,
                    reason: "letters can answer only where the options are listed: set "
                        + "list-options to true or answers to text"
                )
            }
            if isOrdered { return options.map(\.name) }
            guard options.count <= Prompts.letters.count else {
                throw TextTaskError.row(
                    source: place,
                    reason: "letters can answer \(Prompts.letters.count) options at most, and "
                        + "there are \(options.count): set answers to text or auto"
                )
            }
            return Array(Prompts.letters.prefix(options.count))
        }
    }
}
