import LanguageModels
import TextTasks

/// Examples for one pass: their prompts packed, beside what is asked of each.
public struct AnswerBatch: Sendable {
    /// The examples, with answer tokens and labels, in the order of the sequences.
    public let examples: [EncodedExample]
    /// Their prompts.
    public let prompts: PackedTokens

    /// Packs at least one example; ``/LanguageModels/PackedTokens`` says what `sharesPrefix` does.
    public init(_ examples: [EncodedExample], sharesPrefix: Bool = true) {
        self.examples = examples
        prompts = PackedTokens(examples.map(\.tokens), sharesPrefix: sharesPrefix)
    }

    /// The most answers an example has.
    public var width: Int { examples.map(\.answerTokens.count).max() ?? 0 }
}
