/// A number over the seeds of a run: its mean, and how far the mean depends on the seeds.
public struct SeedSummary: Codable, Equatable, Sendable {
    /// The mean over seeds.
    public var mean: Double
    /// The mean's standard error: the sample standard deviation (with n - 1) divided by √n; nil
    /// with one seed, or where a number is infinite.
    public var standardError: Double?
    /// Number of seeds.
    public var seeds: Int
    /// The ends of the mean's 95% interval over seeds and examples together, see
    /// ``PairedBootstrap``; nil where it was not computed.
    public var interval: ClosedRange<Double>?

    private enum CodingKeys: String, CodingKey {
        case mean
        case standardError = "standard_error"
        case seeds
        case lower
        case upper
    }

    /// The summary of one number for each seed; nil if there is none.
    public init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        self.mean = mean
        seeds = values.count
        guard values.count > 1, mean.isFinite else { return }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        standardError = (squares / (count - 1) / count).squareRoot()
    }

    /// Reads numbers, where the mean may be the string `"inf"`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        mean = try container.number(forKey: .mean)
        standardError = try container.decodeIfPresent(Double.self, forKey: .standardError)
        seeds = try container.decode(Int.self, forKey: .seeds)
        guard container.contains(.lower) else { return }
        let lower = try container.number(forKey: .lower)
        let upper = try container.number(forKey: .upper)
        guard lower <= upper else {
            throw DecodingError.dataCorruptedError(
                forKey: .upper,
                in: container,
                debugDescription: "expected at least \(lower), found \(upper)"
            )
        }
        interval = lower...upper
    }

    /// Writes numbers, and `"inf"` for an infinite mean.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(number: mean, forKey: .mean)
        try container.encodeIfPresent(standardError, forKey: .standardError)
        try container.encode(seeds, forKey: .seeds)
        guard let interval else { return }
        try container.encode(number: interval.lowerBound, forKey: .lower)
        try container.encode(number: interval.upperBound, forKey: .upper)
    }
}
