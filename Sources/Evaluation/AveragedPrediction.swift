import Foundation
import Metrics
import TextTasks

/// One example's prediction with the draws behind it.
public struct AveragedPrediction {
    /// The average over the draws, and the probabilities at the mean where they were computed.
    public let prediction: Prediction
    /// Log probabilities under each draw: [draws][answers]; none where no draws were made.
    public let draws: [[Double]]
    /// The most probable answer in each order of the options that the prediction is an average
    /// over; none where there is one order.
    public let answersByOrder: [Int]

    /// An average that was not taken over draws of the parameters.
    public init(_ prediction: Prediction) { self.init(prediction, answersByOrder: []) }

    private init(_ prediction: Prediction, answersByOrder: [Int]) {
        (self.prediction, draws, self.answersByOrder) = (prediction, [], answersByOrder)
    }

    /// The average of log probabilities [draws][answers], beside those at the mean [answers].
    ///
    /// - Throws: `MetricError` when the draws differ in their number of answers.
    init(
        example: EncodedExample,
        draws: [[Double]],
        mean: [Double]?,
        answersByOrder: [Int] = []
    ) throws {
        self.draws = draws
        self.answersByOrder = answersByOrder
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

    /// The average of one example's answers in several orders of its options.
    ///
    /// - Throws: `MetricError` when draws differ in their number of answers.
    init(_ example: EncodedExample, in orders: [AveragedPrediction]) throws {
        func mean(_ values: [[Double]]) -> [Double] { averaged(values.map { $0.map(log) }) }
        let draws = (orders.first?.draws ?? []).indices.map { draw in
            averaged(orders.map { $0.draws[draw] })
        }
        let means = orders.compactMap(\.prediction.meanProbabilities)
        let atMean = means.count == orders.count ? mean(means) : nil
        let answersByOrder = orders.map(\.prediction.answer)
        guard draws.isEmpty else {
            try self.init(
                example: example,
                draws: draws,
                mean: atMean,
                answersByOrder: answersByOrder
            )
            return
        }
        var result = orders[0].prediction
        result.probabilities = mean(orders.map(\.prediction.probabilities)).map(exp)
        result.meanProbabilities = atMean?.map(exp)
        let information = orders.compactMap(\.prediction.mutualInformation)
        result.mutualInformation =
            information.count == orders.count
            ? information.reduce(0, +) / Double(orders.count) : nil
        self.init(result, answersByOrder: answersByOrder)
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
