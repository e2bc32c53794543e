/// Metrics of a set of predictions at one number of draws and one variance scale.
public struct CurvePoint: Codable, Equatable, Sendable {
    /// Number of draws that were averaged; 1 at the mean.
    public var draws: Int
    /// Factor of the posterior's variance (τ); 0 is the mean.
    public var varianceScale: Double
    /// See ``Metric/accuracy``.
    public var accuracy: Double
    /// See ``Metric/ece``.
    public var ece: Double
    /// See ``Metric/nll``.
    public var nll: Double

    private enum CodingKeys: String, CodingKey {
        case draws, accuracy, ece, nll
        case varianceScale = "variance_scale"
    }

    /// The metrics of predictions.
    ///
    /// - Throws: ``MetricError`` where a prediction cannot be scored.
    public init(_ predictions: [Prediction], draws: Int, varianceScale: Double) throws {
        self.draws = draws
        self.varianceScale = varianceScale
        accuracy = try Metric.accuracy(predictions)
        ece = try Metric.ece(predictions)
        nll = try Metric.nll(predictions)
    }

    /// Reads numbers or, for the NLL, the string `"inf"`; throws `DecodingError` at anything else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        draws = try container.decode(Int.self, forKey: .draws)
        varianceScale = try container.decode(Double.self, forKey: .varianceScale)
        accuracy = try container.decode(Double.self, forKey: .accuracy)
        ece = try container.decode(Double.self, forKey: .ece)
        nll = try container.number(forKey: .nll)
    }

    /// Writes numbers, and `"inf"` for an infinite NLL.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(draws, forKey: .draws)
        try container.encode(varianceScale, forKey: .varianceScale)
        try container.encode(accuracy, forKey: .accuracy)
        try container.encode(ece, forKey: .ece)
        try container.encode(number: nll, forKey: .nll)
    }
}
