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
    /// What stands behind the state.
    private let text: String
    let answers: [String]

    /// Renders a question; `lists` is whether its options are listed where the style does not say.
    ///
    /// Throws ``TextTaskError`` that names the place where letters are asked for and cannot answer.
    init(
        _ question: Question,
        _ style: PromptStyle,
        lists: Bool = true,
        at place: String
    ) throws {
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
            let isListed = style.listsOptions ?? lists
            let marks = try question.marks(style, isListed: isListed, at: place)
            if isListed {
                lines.append(question.isOrdered ? "Levels, lowest first:" : "Options:")
                for (index, line) in question.optionLines.enumerated() {
                    let mark = marks.map { "\($0[index])." } ?? "-"
                    lines.append("\(mark) \(line.indentedBehindFirstLine)")
                }
            }
            lines.append("Answer:")
            answers = (marks ?? question.optionTexts).map { " \($0)" }
        }
        text = lines.joined(separator: "\n")
    }

    /// The prompt that asks the question about a state, as it is.
    func prompt(about state: String) -> String {
        state.isEmpty ? text : "\(state)\n\n\(text)"
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
