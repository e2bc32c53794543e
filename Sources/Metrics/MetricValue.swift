/// A metric with its 95% bootstrap interval.
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
        func number(_ key: CodingKeys) throws -> Double {
            if let text = try? container.decode(String.self, forKey: key), text == "inf" {
                return .infinity
            }
            return try container.decode(Double.self, forKey: key)
        }
        value = try number(.value)
        lower = try number(.lower)
        upper = try number(.upper)
    }

    /// Writes numbers, and `"inf"` for infinity.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        for (key, number) in [(CodingKeys.value, value), (.lower, lower), (.upper, upper)] {
            if number == .infinity {
                try container.encode("inf", forKey: key)
            } else {
                try container.encode(number, forKey: key)
            }
        }
    }
}
