/// A number that says how good predictions are, computed in double precision.
///
/// Adding one is a file with a `static let`, a row in ``allCases``, and a number in its reference
/// script.
public struct Metric: Sendable {
    /// The metric over a resample: `counts[i]` says how often example i is in it.
    typealias Statistic = (_ counts: [Int]) -> Double

    /// The metric's key in files.
    public let name: String
    /// The name at the head of a column.
    public let title: String
    /// The name where there is room for its bins or unit.
    public let label: String
    /// The values it can have.
    public let range: ClosedRange<Double>
    /// Whether more is better.
    public let isBetterHigher: Bool
    /// Decimals that people need: areas under a curve of errors are small.
    public let decimals: Int

    /// The metrics of a run's parts, each with an interval: the rows of every ``MetricSummary``.
    public static let ofRuns: [Metric] = [.accuracy, .ece, .ece15, .adaptiveECE, .nll, .brier]
    /// The metrics that all examples have.
    public static let ofEveryExample: [Metric] =
        ofRuns + [.aurc, .accuracyAt80, .accuracyAt90, .coverageAt5]
    /// Metrics of those examples alone that have soft labels or ordered answers: rows of a
    /// ``MetricSummary`` where there are such examples.
    public static let ofSomeExamples: [Metric] = [.kl, .meanAbsoluteError, .rankedProbabilityScore]

    /// Whether the metric means something for an example.
    let applies: @Sendable (Prediction) -> Bool
    /// Does what depends on the examples alone once, so that a resample costs one pass.
    let statistic: @Sendable (Scores) -> Statistic

    /// The metric of those of `predictions` that it applies to, whose examples may differ in their
    /// number of answers.
    ///
    /// Throws ``MetricError`` if there are none, or one has no label or is not sound.
    public func callAsFunction(_ predictions: [Prediction]) throws -> Double {
        let scores = try Scores(predictions.filter(applies))
        return statistic(scores)([Int](repeating: 1, count: scores.count))
    }

    init(
        _ name: String,
        _ title: String,
        label: String? = nil,
        range: ClosedRange<Double> = 0...1,
        isBetterHigher: Bool = false,
        decimals: Int = 3,
        applies: @escaping @Sendable (Prediction) -> Bool = { _ in true },
        statistic: @escaping @Sendable (Scores) -> Statistic
    ) {
        self.name = name
        self.title = title
        self.label = label ?? title
        self.range = range
        self.isBetterHigher = isBetterHigher
        self.decimals = decimals
        self.applies = applies
        self.statistic = statistic
    }

    /// The mean over the examples of one number for each.
    static func mean(
        of values: @escaping @Sendable (Scores) -> [Double]
    ) -> @Sendable (Scores) -> Statistic {
        { scores in
            let values = values(scores)
            return { counts in weightedMean(values, counts) }
        }
    }
}

extension Metric: RawRepresentable, Hashable, CaseIterable, Codable, CodingKeyRepresentable,
    CodingKey
{
    /// Every metric, in the order of tables.
    public static let allCases: [Metric] = ofEveryExample + ofSomeExamples

    /// The metric of that name; nil where there is none.
    public init?(rawValue: String) {
        guard let row = Self.allCases.first(where: { $0.name == rawValue }) else { return nil }
        self = row
    }

    /// The name.
    public var rawValue: String { name }
    /// The name.
    public var stringValue: String { name }
    /// Nil: metrics have no numbers.
    public var intValue: Int? { nil }

    /// The metric of that name; nil where there is none.
    public init?(stringValue: String) { self.init(rawValue: stringValue) }
    /// Nil: metrics have no numbers.
    public init?(intValue: Int) { nil }
}

/// A value for each metric.
public protocol MetricTable {
    /// What there is of a metric.
    associatedtype Value
    /// The value of a metric.
    subscript(metric: Metric) -> Value { get }
}

extension MetricTable {
    /// The value of ``Metric/accuracy``.
    public var accuracy: Value { self[.accuracy] }
    /// The value of ``Metric/ece``.
    public var ece: Value { self[.ece] }
    /// The value of ``Metric/nll``.
    public var nll: Value { self[.nll] }
    /// The value of ``Metric/brier``.
    public var brier: Value { self[.brier] }
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
