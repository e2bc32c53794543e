import JSON
import LanguageModels
import TextTasks
import Tokenization
import Training

/// Turns the questions of a request into tokens, away from the engine's thread.
struct QuestionReader: Sendable {
    private let encoder: ExampleEncoder
    private let recipe: Recipe
    private let tokenizer: Tokenizer
    private let maximumLength: Int
    private let vocabularySize: Int

    /// A reader for a model; questions are put as by the recipe that it was trained with.
    ///
    /// - Throws: an error where the tokenizer is of no known kind.
    init(_ model: LoadedModel, _ recipe: Recipe, limits: ServiceLimits) throws {
        // A prompt is refused and not cut: an answer about half a state would be no answer.
        encoder = try ExampleEncoder(model.tokenizer, maximumLength: Int(Int32.max))
        self.recipe = recipe
        tokenizer = model.tokenizer
        maximumLength = min(model.sizes.maximumLength, limits.promptTokens)
        vocabularySize = model.sizes.vocabularySize
    }

    /// The questions as examples of one state, which goes by `state`.
    ///
    /// - Throws: ``ServiceError`` that names the question.
    func examples(_ asked: StatedQuestions, state: String) throws -> [EncodedExample] {
        let examples: [Example]
        do {
            examples = try recipe.asked(
                asked.examples(id: state, source: "body", style: recipe.promptStyle),
                tokenizer
            )
        } catch {
            throw ServiceError.invalid(
                place: [.string("questions")],
                message: "\(error)",
                type: "value_error"
            )
        }
        return try zip(asked.questions, examples).map { named, example in
            let encoded = try encoded(example, named.id)
            // The last token of an answer is not read.
            let length = encoded.tokens.count + (encoded.answers.map(\.count).max() ?? 1) - 1
            guard length <= maximumLength else {
                throw ServiceError.tooLarge(
                    "questions.\(named.id): expected at most \(maximumLength) tokens with the "
                        + "state, found \(length)"
                )
            }
            return encoded
        }
    }

    private func encoded(_ example: Example, _ id: String) throws -> EncodedExample {
        func refuse(_ message: String) -> ServiceError {
            .invalid(
                place: [.string("questions"), .string(id)],
                message: message,
                type: "value_error"
            )
        }
        do {
            let encoded = try encoder.encode([example]).examples[0]
            let tokens = encoded.tokens + encoded.answers.joined()
            guard tokens.allSatisfy({ $0 < vocabularySize }) else {
                throw refuse("questions.\(id): a text has a token that the model does not know")
            }
            return encoded
        } catch let error as TextTaskError {
            throw refuse("\(error)")
        } catch let error as TokenizationError {
            throw refuse("questions.\(id): \(error)")
        }
    }
}
