extension Metric {
    /// Mean distance of the mean level under the probabilities from that under the labels,
    /// |Σ i p_i - Σ i t_i|, in levels, over the examples with ordered answers.
    public static let meanAbsoluteError = Metric(
        "mae",
        "MAE",
        label: "MAE (levels)",
        range: 0...(.infinity),
        applies: { $0.ordered == true },
        statistic: mean { scores in
            zip(scores.probabilities, scores.targets).map { abs(meanLevel($0) - meanLevel($1)) }
        }
    )

    /// Ranked probability score: the mean squared distance of the cumulated probabilities from the
    /// cumulated labels, Σ (P_i - T_i)² / (levels - 1), over the examples with ordered answers.
    ///
    /// Epstein 1969, in the form of Murphy 1971; 0 is best and 1 is all on the wrong end. Unlike
    /// ``brier``, it is the lower the nearer a wrong level is to the right one.
    public static let rankedProbabilityScore = Metric(
        "rps",
        "RPS",
        applies: { $0.ordered == true },
        statistic: mean { scores in
            zip(scores.probabilities, scores.targets).map { probabilities, targets in
                var (sum, distance) = (0.0, 0.0)
                // The last distance is 0: both distributions sum to 1.
                for (probability, target) in zip(probabilities, targets).dropLast() {
                    distance += probability - target
                    sum += distance * distance
                }
                return sum / Double(max(1, probabilities.count - 1))
            }
        }
    )
}

private func meanLevel(_ probabilities: [Double]) -> Double {
    probabilities.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element }
}
