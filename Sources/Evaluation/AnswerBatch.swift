import LanguageModels
import TextTasks

/// Examples for one pass: their prompts and answers packed, beside what is asked of each.
///
/// Neighbours with the same state are one sequence of the batch that branches into its questions,
/// and each of these into the beginnings of its answers: what they begin with alike is there once.
public struct AnswerBatch: Sendable {
    /// The examples, with answers and labels, in the order of the sequences.
    public let examples: [EncodedExample]
    /// Their prompts, with all tokens of the answers but the last ones.
    public let packed: PackedTokens
    /// The tokens of each answer: [examples][answers][tokens].
    let steps: [[[AnswerStep]]]

    /// Packs at least one example, so many times over.
    ///
    /// Without `sharesPrefix` every row belongs to one example, as gradients of each need it. Of
    /// several copies, one behind another, each has as many rows of its own.
    public init(_ examples: [EncodedExample], sharesPrefix: Bool = true, copies: Int = 1) {
        let units = sharesPrefix ? examples.units : examples.indices.map { $0..<$0 + 1 }
        var (trees, outputs): ([TokenTree], [Int]) = ([], [])
        var steps: [[[AnswerStep]]] = []
        var firstRow = 0
        let copied = (0..<copies).flatMap { _ in units.map { Array(examples[$0]) } }
        for unit in copied {
            let tree = TokenTree(
                unit.flatMap { example in example.answers.map { example.tokens + $0.dropLast() } }
            )
            let prompts = unit.flatMap { example in example.answers.map { _ in example.tokens } }
            let first = zip(tree.places, prompts).map { $0[$1.count - 1] }.min() ?? 0
            var places = tree.places[...]
            for example in unit {
                let own = places.prefix(example.answers.count)
                places = places.dropFirst(example.answers.count)
                steps.append(
                    zip(own, example.answers).map { places, answer in
                        zip(places.dropFirst(example.tokens.count - 1), answer).map {
                            AnswerStep(row: firstRow + $0 - first, token: $1)
                        }
                    }
                )
            }
            trees.append(tree)
            outputs.append(tree.tokens.count - first)
            firstRow += tree.tokens.count - first
        }
        self.examples = copied.flatMap { $0 }
        packed = PackedTokens(
            trees,
            outputs: outputs,
            sharesPrefix: sharesPrefix && copies == 1
        )
        self.steps = steps
    }

    /// The most answers an example has.
    public var width: Int { examples.map(\.answers.count).max() ?? 0 }

    /// How many logits the head of a model with such a vocabulary computes.
    public func logitCount(vocabularySize: Int) -> Int {
        let all = steps.joined().joined()
        return hasOneTokenAnswers
            ? examples.count * Set(all.map(\.token)).count
            : Set(all.map(\.row)).count * vocabularySize
    }

    /// Whether every answer is one token.
    var hasOneTokenAnswers: Bool { steps.allSatisfy { $0.allSatisfy { $0.count == 1 } } }
}

/// A token of an answer.
struct AnswerStep: Hashable {
    /// The row among the batch's wanted ones whose logits tell how probable the token is.
    let row: Int
    /// The token's number.
    let token: Int
}
