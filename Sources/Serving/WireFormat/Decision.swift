import Evaluation
import Foundation
import JSON
import Metrics
import TextTasks

/// The answers to a request.
public struct Decision: Sendable {
    /// A question's name and its answer.
    public struct Named: Sendable {
        /// What the request calls the question.
        public let id: String
        /// The answer.
        public let answer: Answer
    }

    /// The name of what answered.
    public let model: String
    /// An answer for each question, in the order of the request.
    public let answers: [Named]
    /// Tokens that were read, each question's with the state.
    public let inputTokens: Int

    /// The body of the response.
    var body: JSONValue {
        .object(of: [
            ("model", .string(model)),
            ("answers", .object(of: answers.map { ($0.id, $0.answer.body) })),
            (
                "usage",
                // An answer is read off the last position: no token is generated.
                .object(of: [
                    ("input_tokens", .integer(inputTokens)), ("output_tokens", .integer(0)),
                ])
            ),
        ])
    }
}

/// The probabilities of a question's options, and how sure they are.
public struct Answer: Sendable {
    /// The question.
    public let question: Question
    /// Averaged over the draws: [options].
    public let probabilities: [Double]
    /// At the mean of the parameters; nil where no draws were made: [options].
    public let meanProbabilities: [Double]?
    /// How far the draws' probabilities lie from their average, root mean square; nil where no
    /// draws were made: [options].
    public let spread: [Double]?
    /// Mutual information of answer and parameters, in nats; nil where no draws were made.
    public let mutualInformation: Double?
    /// Whether the run's policy is to leave the question to someone else; nil without a policy.
    public let abstains: Bool?

    /// An answer from a prediction of its options.
    public init(_ question: Question, _ averaged: AveragedPrediction, abstains: Bool? = nil) {
        let prediction = averaged.prediction
        self.question = question
        probabilities = prediction.probabilities
        meanProbabilities = prediction.meanProbabilities
        mutualInformation = prediction.mutualInformation
        self.abstains = abstains
        let isDrawn = prediction.meanProbabilities != nil && !averaged.draws.isEmpty
        spread =
            isDrawn
            ? prediction.probabilities.enumerated().map { option, mean in
                let squares = averaged.draws.reduce(0) {
                    let distance = exp($1[option]) - mean
                    return $0 + distance * distance
                }
                return (squares / Double(averaged.draws.count)).squareRoot()
            } : nil
    }

    /// Index of the most probable option, the first of several.
    public var choice: Int {
        probabilities.indices.reduce(0) { probabilities[$1] > probabilities[$0] ? $1 : $0 }
    }

    /// How sure the answer is, from 0 for the uniform distribution to 1, as the reference formulas
    /// of the format have it.
    ///
    /// Of n options it is (max p - 1/n) / (1 - 1/n), a noul being a choice of two. Of levels it is
    /// 1 - Σ p |i - mode| over the mean of |i - (n - 1)/2|, the distance of the uniform
    /// distribution from its middle, and at least 0.
    public var confidence: Double {
        let count = Double(probabilities.count)
        guard question.isOrdered else {
            return max(0, (probabilities[choice] - 1 / count) / (1 - 1 / count))
        }
        let distance = probabilities.enumerated().reduce(0) {
            $0 + $1.element * Double(abs($1.offset - choice))
        }
        let uniform = probabilities.indices.reduce(0) {
            $0 + abs(Double($1) - (count - 1) / 2) / count
        }
        return max(0, 1 - distance / uniform)
    }

    /// The answer as the response has it.
    var body: JSONValue { .object(of: [("type", .string(question.kind.rawValue))] + own + extra) }

    private var own: [(key: String, value: JSONValue)] {
        let distribution: [(key: String, value: JSONValue)] = [
            ("probabilities", byOption(probabilities)), ("confidence", .number(confidence)),
        ]
        switch question.kind {
        case .noul: return [("noul", .number(probabilities[1]))]
        case .choice:
            return [("choice", .string(question.options[choice].name))] + distribution
        case .score:
            let mean = probabilities.enumerated().reduce(0) {
                $0 + Double($1.offset) * $1.element
            }
            let legend = question.options.map { ($0.name, $0.criterion ?? .null) }
            return [("score", .number(mean)), ("legend", .object(of: legend))] + distribution
        }
    }

    /// What this server tells beyond the format.
    private var extra: [(key: String, value: JSONValue)] {
        var extra: [(key: String, value: JSONValue)] = [
            ("x_entropy", .number(PredictiveUncertainty.entropy(of: probabilities)))
        ]
        if let mutualInformation {
            extra.append(("x_mutual_information", .number(mutualInformation)))
        }
        if let meanProbabilities {
            extra.append(("x_mean_probabilities", byOption(meanProbabilities)))
        }
        if let spread { extra.append(("x_spread", byOption(spread))) }
        if let abstains { extra.append(("x_abstain", .boolean(abstains))) }
        return extra
    }

    private func byOption(_ values: [Double]) -> JSONValue {
        .object(of: zip(question.options, values).map { ($0.name, .number($1)) })
    }
}
