extension Metric {
    /// Mean of the squared distance between probabilities and the right answer's indicator.
    ///
    /// Brier 1950, summed over the answers: from 0 to 2.
    public static let brier = Metric(
        "brier",
        "Brier",
        range: 0...2,
        statistic: mean(of: \.brier)
    )
}
