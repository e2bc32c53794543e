import Evaluation
import Foundation
import LoRA
import Metrics
import TextTasks
import Torch

extension TrainedRun {
    /// Signs that the training has gone astray, a sentence each: parameters of an absurd size,
    /// answers that no longer depend on the question, a loss above the untouched model's.
    ///
    /// `answers` are the run's to the validation part. The untouched model answers its first rows
    /// for comparison.
    ///
    /// - Throws: `TorchError` when the engine fails.
    func signsOfDivergence(
        _ part: EncodedPart,
        _ answers: [Prediction],
        group: ProcessGroup?
    ) throws -> [String] {
        var signs: [String] = []
        let values = adapted.parameters.values
        let size = try withTorchErrors { (values * values).mean().item.squareRoot() }
        // Adapters begin at about 0.02, and useful ones stay below 1.
        if !(size <= 10) {
            signs.append(
                "the adapter's parameters have grown to \(size.short) (root of the mean square), "
                    + "beyond any use: take a lower learning rate"
            )
        }
        if let sign = Self.signOfSameAnswers(part.examples, answers) { signs.append(sign) }
        let count = min(64, answers.count)
        let untouched = try untouchedAnswers(Array(part.examples.prefix(count)), group: group)
        let losses = zip(answers, untouched).map { ($0.loss, $1.loss) }
        let differences = losses.map { $0 - $1 }
        let mean = differences.reduce(0, +) / Double(count)
        let squares = differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        // Two standard errors, so that chance is not taken for a sign.
        if count >= 8, mean > 2 * (squares / Double((count - 1) * count)).squareRoot() {
            let (own, before) = losses.reduce((0, 0)) { ($0.0 + $1.0, $0.1 + $1.1) }
            signs.append(
                "on the first \(count) validation rows the loss is \((own / Double(count)).short), "
                    + "above the untouched model's \((before / Double(count)).short): training has "
                    + "made it worse"
            )
        }
        return signs
    }

    /// What the base model says, with no change by the adapter.
    func untouchedAnswers(
        _ examples: [EncodedExample],
        group: ProcessGroup?
    ) throws -> [Prediction] {
        let values = adapted.parameters.values
        let trained = values.clone()
        withoutGradients { values.copyInPlace(.zeros(like: trained)) }
        defer { withoutGradients { values.copyInPlace(trained) } }
        return try DrawnAnswers(adapted.scorer, group: group)
            .predictions(examples, maximumTokens: recipe.evalTokens)
            .map(\.prediction)
    }

    /// Whether every answer is the same, or no better than a guess among all.
    static func signOfSameAnswers(
        _ examples: [EncodedExample],
        _ answers: [Prediction]
    ) -> String? {
        // In a few rows, the same answers may be right.
        guard answers.count >= 10 else { return nil }
        let isUniform = answers.allSatisfy { answer in
            let even = 1 / Double(answer.probabilities.count)
            return answer.probabilities.allSatisfy { abs($0 - even) < 1e-3 }
        }
        if isUniform {
            return "every answer to the validation part is equally probable: the model has "
                + "unlearnt to answer"
        }
        let given = Set(zip(examples, answers).map { $0.answers[$1.answer] })
        let right = Set(
            examples.compactMap { example in example.label.map { example.answers[$0] } }
        )
        guard given.count == 1, right.count > 1 else { return nil }
        return "the model gives the same answer to every row of the validation part"
    }
}

extension Prediction {
    /// The loss in nats, bounded so that one row alone is not everything.
    fileprivate var loss: Double {
        -log(max(label.map { probabilities[$0] } ?? 1, 1e-12))
    }
}

extension Double {
    /// The number with three significant digits.
    fileprivate var short: String { String(format: "%.3g", self) }
}
