/// `calibration.json`: how the temperature of a run was found.
public struct CalibrationRecord: Codable, Equatable, Sendable {
    /// The folder of the run as it was, as it was named.
    public var run: String
    /// What logits are divided by.
    public var temperature: Double
    /// Whether the fit ended at a bound of what is looked at.
    public var isAtBound: Bool
    /// Rows that it was fitted to: of validation, without folds.
    public var examples: Int
    /// How many models answered training rows that they had not seen; nil for validation rows.
    public var folds: Int?

    private enum CodingKeys: String, CodingKey {
        case run, temperature, examples, folds
        case isAtBound = "is_at_bound"
    }

    /// The record of a fit.
    package init(
        run: String,
        temperature: Double,
        isAtBound: Bool,
        examples: Int,
        folds: Int?
    ) {
        (self.run, self.temperature) = (run, temperature)
        (self.isAtBound, self.examples, self.folds) = (isAtBound, examples, folds)
    }
}
