import Training

/// Settings of a comparison beside the recipes of its trajectories.
public struct ComparisonSettings: Equatable, Sendable {
    /// Where the precision of a Laplace approximation's prior comes from.
    public enum LaplacePrior: String, CaseIterable, Sendable {
        /// The maximum of the marginal likelihood of the training examples.
        case marginalLikelihood = "marginal-likelihood"
        /// The lowest NLL of the validation part.
        case validation
    }

    /// Examples used of each task that is not trained on, the first ones; by default all.
    public var shiftLimit: Int?
    /// Members of the ensemble, the AdamW run among them.
    public var members = 5
    /// Share of the training after which SWA and SWAG begin to average.
    public var swagStart = 0.8
    /// Their constant learning rate as a share of the peak.
    public var swagRate = 0.2
    /// Columns of SWAG's low-rank part (K); by default 20, or as many as there are snapshots.
    public var swagRank: Int?
    /// Where the precision of Laplace's prior comes from.
    public var laplacePrior = LaplacePrior.marginalLikelihood
    /// How Laplace answers.
    public var laplacePredictive = LaplacePredictive.linearised
    /// The variance scales (τ) that tuned rows choose from, 0 among them.
    public var varianceScales: [Double] = [0, 0.01, 0.1, 0.25, 0.5, 1, 2]

    /// The defaults.
    public init() {}

    /// The steps of an AdamW run before SWA and SWAG go on from it.
    func swagFirstStep(of steps: Int) -> Int {
        min(max(1, Int((Double(steps) * swagStart).rounded(.down))), max(1, steps - 1))
    }

    /// The rank of SWAG's low-rank part for a number of snapshots.
    ///
    /// - Throws: ``ComparisonError`` when there are too few snapshots for it.
    func swagRank(snapshots: Int) throws -> Int {
        guard snapshots >= max(2, swagRank ?? 2) else {
            throw ComparisonError(
                "swag: expected at least \(max(2, swagRank ?? 2)) snapshots for its low-rank part, "
                    + "found \(snapshots), one a step after \(swagStart) of the training"
            )
        }
        return swagRank ?? min(20, snapshots)
    }
}

extension ComparisonSettings: SettingsTable {
    /// Every key, in the order of files.
    public static let fields: [SettingField<ComparisonSettings>] = [
        .init("limit-ood", \.shiftLimit, .count).means("Use the first N examples of each of these"),
        .init("ensemble-members", \.members, .integer(2...1000))
            .means("Members of the ensemble, the AdamW run among them"),
        .init("swag-start", \.swagStart, .number(from: 0...0.99))
            .means("Share of the training after which SWA and SWAG average"),
        .init("swag-rate", \.swagRate, .number(from: 1e-6...1e6))
            .means("Their constant rate as a share of the peak"),
        .init("swag-rank", \.swagRank, .integer(2...10_000))
            .means("Columns of SWAG's low-rank part (default: 20, or the number of snapshots)"),
        .init("laplace-prior", \.laplacePrior, .choice()),
        .init("laplace-predictive", \.laplacePredictive, .choice()),
        .init("variance-scales", \.varianceScales, .scales(0...1e6))
            .means(
                "Variance scales for tuned rows, with commas between; 0 among them",
                showsDefault: false
            ),
    ]
}
