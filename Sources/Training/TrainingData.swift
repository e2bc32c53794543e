import Foundation
import LanguageModels
import Randomness
import TextTasks
import Tokenization

/// The encoded parts of a task.
public struct TrainingData: Sendable {
    /// One part: its examples and what is worth reporting about them.
    public struct Part: Sendable {
        /// The examples as tokens.
        public let examples: [EncodedExample]
        /// Number of examples, truncated prompts, longest prompt.
        public let report: EncodingReport
        /// Questions of the file left out because they have not four choices.
        public let leftOut: Int
    }

    /// What the adapter is fitted to.
    public let train: Part
    /// What settings may be chosen by.
    public let validation: Part
    /// What results are reported on; none for data without a test part.
    public let test: Part?

    /// Loads and encodes the parts that a recipe names.
    ///
    /// - Throws: an error that names file, line or id, expected and found.
    public init(_ recipe: Recipe, tokenizer: Tokenizer) throws {
        let task = try recipe.textTask()
        func part(_ split: Split, _ limit: Int?) throws -> Part {
            try Part(
                try task.load(split, seed: UInt64(recipe.splitSeed ?? recipe.seed)),
                limit: limit,
                recipe: recipe,
                tokenizer: tokenizer
            )
        }
        train = try part(.train, recipe.limitTrain)
        validation = try part(.validation, recipe.limitValidation)
        do {
            test = try part(.test, recipe.limitTest)
        } catch TextTaskError.noFile(part: .test, _, _) where !TextTask.names.contains(recipe.task)
        {
            // One's own folder need not have a test part; a published data set does.
            test = nil
        }
    }

    /// A short name of all training examples: equal for equal data, almost surely different else.
    var fingerprint: String { train.fingerprint }
}

extension TrainingData.Part {
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
}

extension TrainingData.Part {
    /// Encodes the first examples of a part, at most `limit`.
    ///
    /// - Throws: `TextTaskError` that names the example.
    public init(
        _ loaded: LoadedExamples,
        limit: Int?,
        recipe: Recipe,
        tokenizer: Tokenizer
    ) throws {
        let encoder = try ExampleEncoder(tokenizer, maximumLength: recipe.maxLength)
        let chosen = limit.map { Array(loaded.examples.prefix($0)) } ?? loaded.examples
        (examples, report) = try encoder.encode(chosen)
        leftOut = loaded.leftOut
    }
}

extension TrainingData.Part {
    /// Checks that a model can take every prompt.
    ///
    /// - Throws: ``TrainingError/promptTooLong(id:length:maximum:)``.
    public func check(fits configuration: ModelConfiguration) throws {
        let maximum = configuration.maximumLength
        guard let long = examples.first(where: { $0.tokens.count > maximum }) else { return }
        throw TrainingError.promptTooLong(id: long.id, length: long.tokens.count, maximum: maximum)
    }
}

extension Recipe {
    /// The task that the recipe names.
    ///
    /// - Throws: `TextTaskError` when there is no such task or its data is not there.
    public func textTask() throws -> TextTask {
        try TextTask(task, folder: data.map { URL(fileURLWithPath: $0) })
    }
}
