import Foundation

/// What the metrics need of each labelled prediction, as columns.
struct Scores {
    /// 1 where the most probable answer is the right one, else 0.
    private(set) var correct: [Double] = []
    /// Probability of the most probable answer.
    private(set) var confidence: [Double] = []
    /// -log of the right answer's probability, in nats.
    private(set) var negativeLogLikelihood: [Double] = []
    /// Squared distance of the probabilities from the right answer's indicator.
    private(set) var brier: [Double] = []

    var count: Int { correct.count }

    init(_ predictions: [Prediction]) throws {
        guard !predictions.isEmpty else { throw MetricError.noPredictions }
        for prediction in predictions {
            if let fault = prediction.fault {
                throw MetricError.unsound(id: prediction.id, reason: fault)
            }
            guard let label = prediction.label else { throw MetricError.noLabel(id: prediction.id) }
            let probabilities = prediction.probabilities
            let answer = prediction.answer
            correct.append(answer == label ? 1 : 0)
            confidence.append(probabilities[answer])
            // 0 - x, as -x would make a certain answer's value the negative zero.
            negativeLogLikelihood.append(0 - log(probabilities[label]))
            let squares = probabilities.reduce(0) { $0 + $1 * $1 }
            brier.append(squares - 2 * probabilities[label] + 1)
        }
    }
}
