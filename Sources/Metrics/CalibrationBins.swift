/// One bin of a reliability diagram.
public struct CalibrationBin: Equatable, Sendable {
    /// The confidences of the bin: more than `lower`, at most `upper`.
    public let lower: Double
    /// See ``lower``.
    public let upper: Double
    /// Number of examples.
    public let count: Int
    /// Share of right answers; nil without examples.
    public let accuracy: Double?
    /// Mean probability of the most probable answer; nil without examples.
    public let confidence: Double?
}

extension CalibrationBin {
    /// The bins of equal width that ``Metric/ece`` compares.
    ///
    /// - Parameters:
    ///   - predictions: Labelled predictions, at least one.
    ///   - count: Number of bins, at least one.
    /// - Returns: All bins, empty ones too, from the lowest confidence up.
    /// - Throws: ``MetricError`` where a prediction cannot be scored.
    public static func bins(
        of predictions: [Prediction],
        count: Int = 10
    ) throws -> [CalibrationBin] {
        let scores = try Scores(predictions)
        let members = Dictionary(grouping: scores.confidence.indices) {
            equalWidthBin(of: scores.confidence[$0], among: count)
        }
        return (0..<count).map { bin in
            let inside = members[bin] ?? []
            func mean(_ values: [Double]) -> Double? {
                guard !inside.isEmpty else { return nil }
                return inside.reduce(0) { $0 + values[$1] } / Double(inside.count)
            }
            return CalibrationBin(
                lower: Double(bin) / Double(count),
                upper: Double(bin + 1) / Double(count),
                count: inside.count,
                accuracy: mean(scores.correct),
                confidence: mean(scores.confidence)
            )
        }
    }
}
