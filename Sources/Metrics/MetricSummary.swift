/// All metrics of a set of predictions, each with a 95% bootstrap interval over the examples.
///
/// The interval says how far the metric depends on which examples were drawn, not on the seed of
/// the training run.
public struct MetricSummary: Codable, Equatable, Sendable {
    /// Number of examples.
    public var examples: Int
    /// See ``Metric/accuracy``.
    public var accuracy: MetricValue
    /// See ``Metric/calibrationError``.
    public var ece: MetricValue
    /// See ``Metric/calibrationError15``.
    public var ece15: MetricValue
    /// See ``Metric/adaptiveCalibrationError``.
    public var adaptiveECE: MetricValue
    /// See ``Metric/negativeLogLikelihood``.
    public var nll: MetricValue
    /// See ``Metric/brier``.
    public var brier: MetricValue

    private enum CodingKeys: String, CodingKey {
        case examples
        case accuracy
        case ece
        case ece15
        case adaptiveECE = "adaptive_ece"
        case nll
        case brier
    }

    /// Computes all metrics and their intervals.
    ///
    /// - Parameters:
    ///   - predictions: labelled predictions, at least one.
    ///   - resamples: bootstrap resamples, at least one.
    ///   - seed: the run's seed; the resamples come from its `bootstrap` stream.
    ///
    /// - Throws: ``MetricError`` where the predictions or the number of resamples cannot be used.
    public init(_ predictions: [Prediction], resamples: Int = 1000, seed: UInt64 = 0) throws {
        guard resamples > 0 else { throw MetricError.noResamples(resamples) }
        let scores = try Scores(predictions)
        let statistics = Metric.all.map { $0.statistic(scores) }
        let intervals = Bootstrap(resamples: resamples, seed: seed)
            .intervals(exampleCount: scores.count, of: statistics)
        let everyExample = [Int](repeating: 1, count: scores.count)
        let values = zip(statistics, intervals).map { statistic, interval in
            MetricValue(
                value: statistic(everyExample),
                lower: interval.lower,
                upper: interval.upper
            )
        }
        examples = scores.count
        (accuracy, ece, ece15) = (values[0], values[1], values[2])
        (adaptiveECE, nll, brier) = (values[3], values[4], values[5])
    }
}
