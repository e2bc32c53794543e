/// The metrics of a set of predictions as plain numbers: what tables of many runs are made of.
///
/// In JSON an infinite number (an unclamped NLL) is the string `"inf"`, as in ``MetricValue``.
public struct MetricValues: MetricTable, Codable, Equatable, Sendable {
    private var values: [Metric: Double] = [:]

    /// Computes every metric of `predictions`.
    ///
    /// - Throws: ``MetricError`` if there are none, or one has no label or is not sound.
    public init(_ predictions: [Prediction]) throws {
        let scores = try Scores(predictions)
        let everyExample = [Int](repeating: 1, count: scores.count)
        for metric in Metric.allCases { values[metric] = metric.statistic(scores)(everyExample) }
    }

    /// The value of a metric.
    public subscript(metric: Metric) -> Double {
        get { values[metric] ?? .nan }
        set { values[metric] = newValue }
    }

    /// Reads numbers or the string `"inf"`; throws `DecodingError` at anything else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Metric.self)
        for metric in Metric.allCases { values[metric] = try container.number(forKey: metric) }
    }

    /// Writes numbers, and `"inf"` for infinity.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Metric.self)
        for metric in Metric.allCases { try container.encode(number: self[metric], forKey: metric) }
    }
}
