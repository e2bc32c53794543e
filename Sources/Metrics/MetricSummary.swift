/// All metrics of a set of predictions, each with a 95% bootstrap interval over the examples.
///
/// It has the metrics of ``Metric/ofRuns``, and those of ``Metric/ofSomeExamples`` that apply to an
/// example at least, over the examples that they apply to. The interval says how far the metric
/// depends on which examples were drawn, not on the seed of the training run.
public struct MetricSummary: MetricTable, Codable, Equatable, Sendable {
    /// Number of examples.
    public var examples: Int
    private var values: [Metric: MetricValue] = [:]

    private enum CodingKeys: String, CodingKey { case examples }

    /// The metrics it has, in the order of tables.
    public var metrics: [Metric] {
        (Metric.ofRuns + Metric.ofSomeExamples).filter { values[$0] != nil }
    }

    /// The value of one of ``metrics``; traps for another.
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
        examples = predictions.count
        try add(Metric.ofRuns, of: predictions, resamples, seed)
        for metric in Metric.ofSomeExamples {
            let some = predictions.filter(metric.applies)
            if !some.isEmpty { try add([metric], of: some, resamples, seed) }
        }
    }

    /// Adds metrics that apply to all of `predictions`; all see the same resamples.
    private mutating func add(
        _ metrics: [Metric],
        of predictions: [Prediction],
        _ resamples: Int,
        _ seed: UInt64
    ) throws {
        let scores = try Scores(predictions)
        let statistics = metrics.map { $0.statistic(scores) }
        let intervals = Bootstrap(resamples: resamples, seed: seed)
            .intervals(exampleCount: scores.count, of: statistics)
        let everyExample = [Int](repeating: 1, count: scores.count)
        for (index, metric) in metrics.enumerated() {
            values[metric] = MetricValue(
                value: statistics[index](everyExample),
                lower: intervals[index].lower,
                upper: intervals[index].upper
            )
        }
    }

    /// Reads the number of examples and the metrics; throws `DecodingError` where one of
    /// ``Metric/ofRuns`` is missing.
    public init(from decoder: any Decoder) throws {
        examples = try decoder.container(keyedBy: CodingKeys.self)
            .decode(Int.self, forKey: .examples)
        let container = try decoder.container(keyedBy: Metric.self)
        for metric in Metric.ofRuns {
            values[metric] = try container.decode(MetricValue.self, forKey: metric)
        }
        for metric in Metric.ofSomeExamples {
            values[metric] = try container.decodeIfPresent(MetricValue.self, forKey: metric)
        }
    }

    /// Writes the number of examples and every metric beside each other.
    public func encode(to encoder: any Encoder) throws {
        var own = encoder.container(keyedBy: CodingKeys.self)
        try own.encode(examples, forKey: .examples)
        var container = encoder.container(keyedBy: Metric.self)
        for metric in metrics { try container.encode(self[metric], forKey: metric) }
    }
}
