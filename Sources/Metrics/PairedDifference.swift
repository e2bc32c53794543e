/// How much a method's metric differs from a reference's, on the same examples and seeds.
///
/// A difference that has no value, as both metrics are infinite, is NaN. In JSON a number that is
/// not finite is the string `"inf"`, `"-inf"` or `"nan"`.
public struct PairedDifference: Codable, Equatable, Sendable {
    /// The metric's key, see ``Metric/ofEveryExample``.
    public var metric: String
    /// The mean over seeds of the method's metric minus the reference's.
    public var value: Double
    /// The 2.5% quantile over resamples of seeds and examples.
    public var lower: Double
    /// The 97.5% quantile over resamples of seeds and examples.
    public var upper: Double

    private enum CodingKeys: String, CodingKey {
        case metric
        case value
        case lower
        case upper
    }

    /// A difference and its interval.
    public init(metric: String, value: Double, lower: Double, upper: Double) {
        self.metric = metric
        self.value = value
        self.lower = lower
        self.upper = upper
    }

    /// Reads what ``encode(to:)`` writes; throws `DecodingError` at anything else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func number(_ key: CodingKeys) throws -> Double {
            try container.number(forKey: key, orOneOf: ["inf", "-inf", "nan"])
        }
        metric = try container.decode(String.self, forKey: .metric)
        value = try number(.value)
        lower = try number(.lower)
        upper = try number(.upper)
    }

    /// Writes the metric's key and three numbers.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(metric, forKey: .metric)
        try container.encode(number: value, forKey: .value)
        try container.encode(number: lower, forKey: .lower)
        try container.encode(number: upper, forKey: .upper)
    }
}
