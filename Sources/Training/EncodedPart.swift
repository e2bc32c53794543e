import LanguageModels
import Randomness
import TextTasks
import Tokenization

/// Examples as tokens, such as those of a part of a task, and what is worth reporting about them.
public struct EncodedPart: Sendable {
    /// The examples.
    public let examples: [EncodedExample]
    /// Number of examples, truncated prompts, longest prompt.
    public let report: EncodingReport
    /// Questions of the file left out because they have not four choices.
    public let leftOut: Int
}

extension EncodedPart {
    /// Encodes the examples of a part.
    ///
    /// - Throws: `TextTaskError` that names the example; with `chat` also
    ///   ``TrainingError/noChatTemplate(model:)`` or `ChatTemplateError`.
    public init(
        _ loaded: LoadedExamples,
        recipe: Recipe,
        tokenizer: Tokenizer
    ) throws {
        let encoder = try ExampleEncoder(tokenizer, maximumLength: recipe.maxLength)
        (examples, report) = try encoder.encode(recipe.asked(loaded.examples, tokenizer))
        leftOut = loaded.leftOut
    }

    /// A short name of all examples: equal for equal data, almost surely different else.
    var fingerprint: String {
        var hash = StableHash()
        for example in examples {
            hash.add(example.id.utf8)
            for number in example.tokens + example.answerTokens + [example.label ?? -1] {
                withUnsafeBytes(of: Int64(number).littleEndian) { hash.add($0) }
            }
        }
        return hash.text
    }

    /// Checks that a model can take every prompt.
    ///
    /// - Throws: ``TrainingError/promptTooLong(id:length:maximum:)`` or
    ///   ``TrainingError/tokenOutsideModel(file:token:number:vocabulary:id:)``.
    public func check(fits model: LoadedModel) throws {
        let (maximum, vocabulary) = (model.sizes.maximumLength, model.sizes.vocabularySize)
        for example in examples {
            guard example.tokens.count <= maximum else {
                throw TrainingError.promptTooLong(
                    id: example.id,
                    length: example.tokens.count,
                    maximum: maximum
                )
            }
            let tokens = example.tokens + example.answerTokens
            guard let number = tokens.first(where: { $0 >= vocabulary }) else { continue }
            throw TrainingError.tokenOutsideModel(
                file: model.tokenizerFile.path,
                token: model.tokenizer.token(for: number) ?? "",
                number: number,
                vocabulary: vocabulary,
                id: example.id
            )
        }
    }
}
