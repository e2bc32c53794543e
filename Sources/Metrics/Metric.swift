/// A number that says how good predictions are, computed in double precision.
///
/// Adding one is a file with a `static let`, a row in ``all``, properties of ``MetricSummary`` and
/// ``MetricValues``, and a number in its reference script.
public struct Metric: Sendable {
    /// The metric over a resample: `counts[i]` says how often example i is in it.
    typealias Statistic = (_ counts: [Int]) -> Double

    /// The metric's key in files.
    public let name: String

    /// Every metric, in the order of ``MetricSummary``.
    public static let all: [Metric] = [
        .accuracy, .calibrationError, .calibrationError15, .adaptiveCalibrationError,
        .negativeLogLikelihood, .brier,
    ]

    /// Does what depends on the examples alone once, so that a resample costs one pass.
    let statistic: @Sendable (Scores) -> Statistic

    /// The metric of `predictions`, whose examples may differ in their number of answers.
    ///
    /// Throws ``MetricError`` if there are none, or one has no label or is not sound.
    public func callAsFunction(_ predictions: [Prediction]) throws -> Double {
        let scores = try Scores(predictions)
        return statistic(scores)([Int](repeating: 1, count: scores.count))
    }

    /// A metric that is the mean of one number for each example.
    init(name: String, meanOf values: @escaping @Sendable (Scores) -> [Double]) {
        self.init(name: name) { scores in
            let values = values(scores)
            return { counts in weightedMean(values, counts) }
        }
    }

    init(name: String, statistic: @escaping @Sendable (Scores) -> Statistic) {
        self.name = name
        self.statistic = statistic
    }
}

private func weightedMean(_ values: [Double], _ counts: [Int]) -> Double {
    var sum = 0.0
    var total = 0
    // An example that was not drawn must not turn an infinite value into 0 · inf = NaN.
    for (value, count) in zip(values, counts) where count > 0 {
        sum += Double(count) * value
        total += count
    }
    return sum / Double(total)
}
