/// The metrics of a set of predictions as plain numbers: what tables of many runs are made of.
///
/// It has those of ``Metric/ofEveryExample``, and those of ``Metric/ofSomeExamples`` that apply to
/// an example at least, over the examples that they apply to.
///
/// In JSON an infinite number (an unclamped NLL) is the string `"inf"`, as in ``MetricValue``.
public struct MetricValues: MetricTable, Codable, Equatable, Sendable {
    private var values: [Metric: Double] = [:]

    /// Computes the metrics of `predictions`.
    ///
    /// - Throws: ``MetricError`` if there are none, or one has no label or is not sound.
    public init(_ predictions: [Prediction]) throws {
        let scores = try Scores(predictions)
        let everyExample = [Int](repeating: 1, count: scores.count)
        for metric in Metric.ofEveryExample {
            values[metric] = metric.statistic(scores)(everyExample)
        }
        for metric in Metric.ofSomeExamples where predictions.contains(where: metric.applies) {
            values[metric] = try metric(predictions)
        }
    }

    /// The value of a metric; not a number where it applies to no example.
    public subscript(metric: Metric) -> Double {
        get { values[metric] ?? .nan }
        set { values[metric] = newValue }
    }

    /// Reads numbers or the string `"inf"`; throws `DecodingError` at anything else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Metric.self)
        for metric in Metric.ofEveryExample {
            values[metric] = try container.number(forKey: metric)
        }
        for metric in Metric.ofSomeExamples where container.contains(metric) {
            values[metric] = try container.number(forKey: metric)
        }
    }

    /// Writes numbers, and `"inf"` for infinity.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Metric.self)
        for (metric, value) in values { try container.encode(number: value, forKey: metric) }
    }
}
