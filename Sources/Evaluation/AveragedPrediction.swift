import Foundation
import Metrics
import TextTasks

/// One example's prediction with the draws behind it.
public struct AveragedPrediction {
    /// The average over the draws, and the probabilities at the mean where they were computed.
    public let prediction: Prediction
    /// Probabilities under each draw: [draws][answers]; none where no draws were made.
    public let draws: [[Double]]

    /// An average that was not taken over draws of the parameters.
    public init(_ prediction: Prediction) {
        self.prediction = prediction
        draws = []
    }

    init(example: EncodedExample, draws: [[Double]], mean: [Double]?) {
        let probabilities = draws.map { $0.map(exp) }
        self.draws = probabilities
        prediction = Prediction(
            id: example.id,
            label: example.label,
            probabilities: averagedProbabilities(draws),
            meanProbabilities: mean.map { $0.map(exp) },
            // Uneven only after a failure of the engine, which is thrown where it is collected.
            mutualInformation: mean == nil
                ? nil : try? PredictiveUncertainty.mutualInformation(of: probabilities)
        )
    }

    /// The example as answered by the first `count` draws, at least one.
    public func overFirst(_ count: Int) -> Prediction {
        var result = prediction
        result.probabilities = averagedProbabilities(draws.prefix(count).map { $0.map(log) })
        return result
    }
}

/// The mean of distributions given by their log probabilities [draws][answers].
///
/// Summed in log space, so that a probability that every draw holds for tiny stays right.
func averagedProbabilities(_ draws: [[Double]]) -> [Double] {
    guard let first = draws.first else { return [] }
    if draws.count == 1 { return first.map(exp) }
    return first.indices.map { answer in
        let logs = draws.map { $0[answer] }
        guard let largest = logs.max(), largest > -.infinity else { return 0 }
        let sum = logs.reduce(0) { $0 + exp($1 - largest) }
        return exp(largest + log(sum / Double(draws.count)))
    }
}
