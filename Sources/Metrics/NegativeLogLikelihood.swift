extension Metric {
    /// Mean of -log p(right answer), natural logarithm, unclamped.
    ///
    /// Probabilities are averaged before this logarithm, as in the paper. A right answer with
    /// probability 0 makes the metric infinite. Double holds probabilities down to 5e-324, so
    /// keep them in double precision from the log-softmax on.
    public static let nll = Metric(
        "nll",
        "NLL",
        label: "NLL (nats)",
        range: 0...(.infinity),
        statistic: mean(of: \.negativeLogLikelihood)
    )
}
