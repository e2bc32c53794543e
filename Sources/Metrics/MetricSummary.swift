/// All metrics of a set of predictions, each with a 95% bootstrap interval over the examples.
///
/// It has the metrics of ``Metric/ofRuns``. The interval says how far the metric depends on which
/// examples were drawn, not on the seed of the training run.
public struct MetricSummary: MetricTable, Codable, Equatable, Sendable {
    /// Number of examples.
    public var examples: Int
    private var values: [Metric: MetricValue] = [:]

    private enum CodingKeys: String, CodingKey { case examples }

    /// The value of a metric of ``Metric/ofRuns``; traps for another.
    public subscript(metric: Metric) -> MetricValue {
        guard let value = values[metric] else {
            preconditionFailure("a summary has no \(metric.name)")
        }
        return value
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
        let statistics = Metric.ofRuns.map { $0.statistic(scores) }
        let intervals = Bootstrap(resamples: resamples, seed: seed)
            .intervals(exampleCount: scores.count, of: statistics)
        let everyExample = [Int](repeating: 1, count: scores.count)
        examples = scores.count
        for (index, metric) in Metric.ofRuns.enumerated() {
            values[metric] = MetricValue(
                value: statistics[index](everyExample),
                lower: intervals[index].lower,
                upper: intervals[index].upper
            )
        }
    }

    /// Reads the number of examples and every metric; throws `DecodingError` where one is missing.
    public init(from decoder: any Decoder) throws {
        examples = try decoder.container(keyedBy: CodingKeys.self)
            .decode(Int.self, forKey: .examples)
        let container = try decoder.container(keyedBy: Metric.self)
        for metric in Metric.ofRuns {
            values[metric] = try container.decode(MetricValue.self, forKey: metric)
        }
    }

    /// Writes the number of examples and every metric beside each other.
    public func encode(to encoder: any Encoder) throws {
        var own = encoder.container(keyedBy: CodingKeys.self)
        try own.encode(examples, forKey: .examples)
        var container = encoder.container(keyedBy: Metric.self)
        for metric in Metric.ofRuns { try container.encode(self[metric], forKey: metric) }
    }
}
