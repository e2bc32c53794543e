extension Metric {
    /// The share of examples whose most probable answer is right; of equals the first counts.
    public static let accuracy = Metric(
        "accuracy",
        "ACC",
        label: "accuracy",
        isBetterHigher: true,
        statistic: mean(of: \.correct)
    )
}
