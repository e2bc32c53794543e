import Foundation
import Metrics
import TextTasks

/// One example's prediction with the draws behind it.
public struct AveragedPrediction {
    /// The average over the draws, and the probabilities at the mean where they were computed.
    public let prediction: Prediction
    /// Log probabilities under each draw: [draws][answers]; none where no draws were made.
    public let draws: [[Double]]

    /// An average that was not taken over draws of the parameters.
    public init(_ prediction: Prediction) {
        self.prediction = prediction
        draws = []
    }

    /// The average of log probabilities [draws][answers], beside those at the mean [answers].
    ///
    /// - Throws: `MetricError` when the draws differ in their number of answers.
    init(example: EncodedExample, draws: [[Double]], mean: [Double]?) throws {
        self.draws = draws
        prediction = Prediction(
            id: example.id,
            label: example.label,
            targets: example.targets,
            ordered: example.isOrdered ? true : nil,
            probabilities: averaged(draws).map(exp),
            meanProbabilities: mean.map { $0.map(exp) },
            mutualInformation: try mean.map { _ in
                try PredictiveUncertainty.mutualInformation(of: draws.map { $0.map(exp) })
            }
        )
    }

    /// The example as answered by the first `count` draws, at least one.
    public func overFirst(_ count: Int) -> Prediction {
        var result = prediction
        result.probabilities = averaged(Array(draws.prefix(count))).map(exp)
        return result
    }
}

/// The logarithms of the mean of distributions given by their log probabilities [draws][answers].
///
/// Summed in log space, so that a probability that every draw holds for tiny stays right.
func averaged(_ draws: [[Double]]) -> [Double] {
    guard draws.count > 1, let first = draws.first else { return draws.first ?? [] }
    return first.indices.map { answer in
        let logs = draws.map { $0[answer] }
        guard let largest = logs.max(), largest > -.infinity else { return -.infinity }
        let sum = logs.reduce(0) { $0 + exp($1 - largest) }
        return largest + log(sum / Double(draws.count))
    }
}
