import Foundation

/// What the metrics need of each labelled prediction, as columns.
struct Scores {
    /// 1 where the most probable answer is the right one, or the likeliest to be right, else 0.
    private(set) var correct: [Double] = []
    /// Probability of the most probable answer.
    private(set) var confidence: [Double] = []
    /// -log of the right answer's probability, in nats; of soft labels t, -Σ t log p.
    private(set) var negativeLogLikelihood: [Double] = []
    /// Squared distance of the probabilities from the right answer's indicator or the soft labels.
    private(set) var brier: [Double] = []
    /// Soft labels of each example; those of a single right answer are its indicator.
    private(set) var targets: [[Double]] = []
    /// Probability of each answer.
    private(set) var probabilities: [[Double]] = []

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
            let soft = prediction.targets
            targets.append(prediction.distribution)
            self.probabilities.append(probabilities)
            // 0 - x, as -x would make a certain answer's value the negative zero.
            negativeLogLikelihood.append(
                soft.map { crossEntropy($0, probabilities) } ?? 0 - log(probabilities[label])
            )
            let squares = probabilities.reduce(0) { $0 + $1 * $1 }
            brier.append(
                soft.map { zip($0, probabilities).reduce(0) { $0 + square($1.0 - $1.1) } }
                    ?? squares - 2 * probabilities[label] + 1
            )
        }
    }
}

/// -Σ t log p in nats; an answer that is never right adds nothing, whatever its probability.
private func crossEntropy(_ targets: [Double], _ probabilities: [Double]) -> Double {
    0 - zip(targets, probabilities).reduce(0) { $0 + ($1.0 > 0 ? $1.0 * log($1.1) : 0) }
}

private func square(_ value: Double) -> Double { value * value }
