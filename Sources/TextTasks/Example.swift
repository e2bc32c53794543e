import Foundation

/// A prompt and the texts that may follow it, one of which is right.
public struct Example: Equatable, Sendable {
    /// Which part of a prompt that is too long is kept.
    public enum Truncation: Equatable, Sendable {
        /// The end, which asks for the answer.
        case keepsEnd
        /// The start, for prompts that put the question first and close with its context.
        case keepsStart
    }

    /// A prompt and the texts that may follow it.
    public struct Wording: Equatable, Sendable {
        /// The text before the answer.
        public var prompt: String
        /// The texts to choose from, in the order of the example's answers.
        public var answers: [String]

        /// A wording from its parts.
        public init(prompt: String, answers: [String]) {
            self.prompt = prompt
            self.answers = answers
        }
    }

    /// What a prompt brings with it around its text, such as the markers of a conversation.
    public struct Frame: Equatable, Sendable {
        /// The start of the prompt, special tokens included.
        public var before: String
        /// The end of the prompt.
        public var after: String

        /// A frame from its parts.
        public init(before: String, after: String) {
            self.before = before
            self.after = after
        }
    }

    /// The example's name, unique in its file; `file:line` where the file gives none.
    public var id: String
    /// File and line the example comes from, for messages.
    public var source: String
    /// The text before the answer.
    public var prompt: String
    /// The texts to choose from, each with its leading space where one belongs.
    public var answers: [String]
    /// What people call each answer where that is not what the model says, such as the option that
    /// a letter stands for; nil where the answers say it themselves.
    var givenNames: [String]?
    /// The same question with its options listed in other orders, over all of which the answer is
    /// averaged.
    public var otherOrders: [Wording] = []
    /// Index of the right answer, or of the most probable one; nil where it is not known.
    public var label: Int?
    /// Probability of each answer where several may be right, such as shares of votes.
    ///
    /// They sum to 1; nil where ``label`` says all.
    public var targets: [Double]?
    /// Whether the answers are levels of a scale, lowest first.
    public var isOrdered = false
    /// What examples have in common that are questions about one thing, such as their line.
    ///
    /// They stand behind each other; nil for an example by itself.
    public var state: String?
    /// What is kept of a prompt that is too long.
    public var truncation: Truncation
    /// How the prompt begins and ends where it brings its special tokens; nil for one that the
    /// tokenizer's are put before.
    public var frame: Frame?

    /// An example from its parts; `source` is the id if there is no file, and `label` the most
    /// probable of the targets if it is not given.
    public init(
        id: String,
        source: String? = nil,
        prompt: String,
        answers: [String],
        label: Int?,
        targets: [Double]? = nil,
        truncation: Truncation = .keepsEnd
    ) {
        self.id = id
        self.source = source ?? id
        self.prompt = prompt
        self.answers = answers
        self.label = label ?? targets.flatMap { all in all.max().flatMap(all.firstIndex(of:)) }
        self.targets = targets
        self.truncation = truncation
    }
}

extension Example {
    /// What people call each answer, whatever the model says for it and in whatever order the
    /// options are listed.
    public var names: [String] {
        givenNames ?? answers.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
    }

    /// A question in each of some orders of its options, at least one, which have names of their
    /// own.
    init(id: String, source: String, orders: [Wording], names: [String], label: Int?) {
        self.init(
            id: id,
            source: source,
            prompt: orders[0].prompt,
            answers: orders[0].answers,
            label: label
        )
        otherOrders = Array(orders.dropFirst())
        givenNames = names
    }

    /// A prompt used as it is, with the texts that may follow it.
    ///
    /// A space goes before a choice unless the prompt
    /// ends in white space or the choice begins with some.
    public init(
        id: String = "example",
        source: String? = nil,
        prompt: String,
        choices: [String],
        label: Int? = nil
    ) {
        let promptEndsInSpace = prompt.unicodeScalars.last?.properties.isWhitespace == true
        self.init(
            id: id,
            source: source,
            prompt: prompt,
            answers: choices.map { choice in
                let startsWithSpace = choice.unicodeScalars.first?.properties.isWhitespace == true
                return promptEndsInSpace || startsWithSpace ? choice : " " + choice
            },
            label: label
        )
    }
}

extension [Example] {
    /// The examples by what they are about: neighbours with the same state together, in order.
    var units: [Range<Int>] { runsOfStates(map(\.state)) }
}

/// Neighbours with the same state together, in order; nil is a state of its own each time.
func runsOfStates(_ states: [String?]) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for (index, state) in states.enumerated() {
        if index > 0, let state, states[index - 1] == state {
            runs[runs.count - 1] = runs[runs.count - 1].lowerBound..<index + 1
        } else {
            runs.append(index..<index + 1)
        }
    }
    return runs
}
