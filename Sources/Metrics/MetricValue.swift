/// A metric with its 95% bootstrap interval: over examples, or over seeds and examples.
///
/// JSON has no infinity: an infinite number (an unclamped NLL) is written as the string `"inf"`,
/// which `float()` in Python and `Double()` in Swift understand.
public struct MetricValue: Codable, Equatable, Sendable {
    /// The metric of all examples.
    public var value: Double
    /// The 2.5% quantile over resamples.
    public var lower: Double
    /// The 97.5% quantile over resamples.
    public var upper: Double

    private enum CodingKeys: String, CodingKey {
        case value
        case lower
        case upper
    }

    /// A metric and its interval.
    public init(value: Double, lower: Double, upper: Double) {
        self.value = value
        self.lower = lower
        self.upper = upper
    }

    /// Reads numbers or the string `"inf"`; throws `DecodingError` at anything else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        value = try container.number(forKey: .value)
        lower = try container.number(forKey: .lower)
        upper = try container.number(forKey: .upper)
    }

    /// Writes numbers, and `"inf"` for infinity.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(number: value, forKey: .value)
        try container.encode(number: lower, forKey: .lower)
        try container.encode(number: upper, forKey: .upper)
    }
}
