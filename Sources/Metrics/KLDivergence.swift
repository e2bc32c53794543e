extension Metric {
    /// Mean of KL(targets || probabilities) = Σ t log(t / p) in nats, over the examples with soft
    /// labels; what ``nll`` has above the entropy of the labels.
    ///
    /// Kullback and Leibler 1951. An answer that may be right and has probability 0 makes it
    /// infinite.
    public static let kl = Metric(
        "kl",
        "KL",
        label: "KL (nats)",
        range: 0...(.infinity),
        applies: { $0.targets != nil },
        statistic: mean { scores in
            zip(scores.targets, scores.negativeLogLikelihood).map { targets, crossEntropy in
                // Rounding may leave a perfect answer slightly below 0.
                max(0, crossEntropy - PredictiveUncertainty.entropy(of: targets))
            }
        }
    )
}
