/// The metrics of a set of predictions as plain numbers: what tables of many runs are made of.
///
/// In JSON an infinite number (an unclamped NLL) is the string `"inf"`, as in ``MetricValue``.
public struct MetricValues: Codable, Equatable, Sendable {
    /// See ``Metric/accuracy``.
    public var accuracy = 0.0
    /// See ``Metric/calibrationError``.
    public var ece = 0.0
    /// See ``Metric/calibrationError15``.
    public var ece15 = 0.0
    /// See ``Metric/adaptiveCalibrationError``.
    public var adaptiveECE = 0.0
    /// See ``Metric/negativeLogLikelihood``.
    public var nll = 0.0
    /// See ``Metric/brier``.
    public var brier = 0.0
    /// See ``Metric/areaUnderRiskCoverage``.
    public var aurc = 0.0
    /// See ``Metric/accuracyAt80``.
    public var accuracyAt80 = 0.0
    /// See ``Metric/accuracyAt90``.
    public var accuracyAt90 = 0.0

    /// A metric as a row or column of a table.
    public struct Row: Sendable {
        /// The metric's key in files.
        public var key: String { metric.name }
        /// The metric's name for readers.
        public let title: String
        /// Whether a smaller number is a better one.
        public let lowerIsBetter: Bool
        /// Where the number is.
        public let value: WritableKeyPath<MetricValues, Double> & Sendable
        /// How the number is computed.
        public let metric: Metric
    }

    /// Every metric, in the order of tables.
    public static let rows: [Row] = [
        row("Accuracy", \.accuracy, .accuracy, lowerIsBetter: false),
        row("ECE", \.ece, .calibrationError),
        row("ECE, 15 bins", \.ece15, .calibrationError15),
        row("Adaptive ECE", \.adaptiveECE, .adaptiveCalibrationError),
        row("NLL", \.nll, .negativeLogLikelihood),
        row("Brier", \.brier, .brier),
        row("AURC", \.aurc, .areaUnderRiskCoverage),
        row("Accuracy at 80%", \.accuracyAt80, .accuracyAt80, lowerIsBetter: false),
        row("Accuracy at 90%", \.accuracyAt90, .accuracyAt90, lowerIsBetter: false),
    ]

    private static func row(
        _ title: String,
        _ value: WritableKeyPath<MetricValues, Double> & Sendable,
        _ metric: Metric,
        lowerIsBetter: Bool = true
    ) -> Row {
        Row(title: title, lowerIsBetter: lowerIsBetter, value: value, metric: metric)
    }

    /// Computes every metric of `predictions`.
    ///
    /// - Throws: ``MetricError`` if there are none, or one has no label or is not sound.
    public init(_ predictions: [Prediction]) throws {
        let scores = try Scores(predictions)
        let everyExample = [Int](repeating: 1, count: scores.count)
        for row in Self.rows {
            self[keyPath: row.value] = row.metric.statistic(scores)(everyExample)
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads numbers or the string `"inf"` by the keys of ``rows``; throws `DecodingError` at
    /// anything else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for row in Self.rows {
            self[keyPath: row.value] = try container.number(forKey: Key(stringValue: row.key))
        }
    }

    /// Writes numbers by the keys of ``rows``, and `"inf"` for infinity.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for row in Self.rows {
            try container.encode(
                number: self[keyPath: row.value],
                forKey: Key(stringValue: row.key)
            )
        }
    }
}
