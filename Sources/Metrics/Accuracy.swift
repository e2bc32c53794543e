extension Metric {
    /// The share of examples whose most probable answer is right; of equals the first counts.
    public static let accuracy = Metric(name: "accuracy", meanOf: \.correct)
}
