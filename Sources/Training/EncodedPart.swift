import Evaluation
import Foundation
import LanguageModels
import Metrics
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
    /// The examples by what they are about: those of one state together.
    public let units: [Range<Int>]

    /// The examples as loaded, in the same order, where their texts are to be shown; else empty.
    var originals: [Example] = []

    init(examples: [EncodedExample], report: EncodingReport, leftOut: Int) {
        (self.examples, self.report, self.leftOut) = (examples, report, leftOut)
        units = examples.units
    }

    /// The examples of some units, in order; each in one order of its options.
    func examples(of numbers: [Int]) -> [EncodedExample] {
        numbers.flatMap { number in
            // Units are counted once for each order.
            let (order, unit) = number.quotientAndRemainder(dividingBy: units.count)
            return examples[units[unit]].map { example in
                let orders = 1 + example.otherOrders.count
                return example.inAllOrders[order % orders]
            }
        }
    }

    /// Number of tokens that a model reads to answer a unit's examples.
    func length(of unit: Int) -> Int {
        AnswerBatch(examples(of: [unit])).packed.tokens.count
    }
}

extension EncodedPart {
    /// Writes the answers to the part, and the texts that reports show of it.
    ///
    /// - Throws: an error when a file cannot be written.
    package func write(_ answers: [Prediction], as name: String, to run: RunFolder) throws {
        try answers.write(to: run.predictions(name))
        if !originals.isEmpty { try PartTexts(of: originals, answers).write(to: run.texts) }
    }

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
        let (examples, report) = try encoder.encode(recipe.asked(loaded.examples, tokenizer))
        self.init(examples: examples, report: report, leftOut: loaded.leftOut)
    }

    /// Checks that a file has the answers to these examples: those of their ids and, with `labels`,
    /// of their labels.
    ///
    /// - Throws: ``TrainingError/mismatch(file:key:expected:found:)`` where it has others, and an
    ///   error where it cannot be read.
    package func check(isAnsweredBy file: URL, labels: Bool = true) throws {
        let answers = try [Prediction](contentsOf: file)
        let isSame = zip(examples, answers).allSatisfy {
            $0.id == $1.id && (!labels || $0.label == $1.label)
        }
        guard answers.count != examples.count || !isSame else { return }
        throw TrainingError.mismatch(
            file: file.path,
            key: "data",
            expected: "answers to the \(examples.count) examples that there are now",
            found: "\(answers.count), of other rows or labels"
        )
    }

    /// A short name of all examples: equal for equal data, almost surely different else.
    var fingerprint: String {
        var hash = StableHash()
        for example in examples {
            hash.add(example.id.utf8)
            let answers = example.answers
            var numbers = example.tokens + answers.joined() + [example.label ?? -1]
            if answers.contains(where: { $0.count > 1 }) { numbers += answers.map(\.count) }
            for order in example.otherOrders { numbers += order.tokens + order.answers.joined() }
            numbers += (example.targets ?? []).map { Int(truncatingIfNeeded: $0.bitPattern) }
            for number in numbers {
                withUnsafeBytes(of: Int64(number).littleEndian) { hash.add($0) }
            }
        }
        return hash.text
    }

    /// Checks that a model can take every prompt with every answer.
    ///
    /// - Throws: ``TrainingError/promptTooLong(id:length:maximum:)`` or
    ///   ``TrainingError/tokenOutsideModel(file:token:number:vocabulary:id:)``.
    public func check(fits model: LoadedModel) throws {
        let (maximum, vocabulary) = (model.sizes.maximumLength, model.sizes.vocabularySize)
        for example in examples {
            // The last token of an answer is not read.
            let length = example.tokens.count + (example.answers.map(\.count).max() ?? 1) - 1
            guard length <= maximum else {
                throw TrainingError.promptTooLong(
                    id: example.id,
                    length: length,
                    maximum: maximum
                )
            }
            let tokens = example.tokens + example.answers.joined()
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
