import Foundation

/// Tails of the binomial distribution, and the exact limits of a probability that they give.
enum Binomial {
    /// P(X <= successes) for X ~ Bin(trials, probability).
    ///
    /// Terms are summed from the largest down, on the side of the mean that `successes` is on, so
    /// that small tails keep their relative accuracy.
    static func lowerTail(_ successes: Int, of trials: Int, at probability: Double) -> Double {
        if successes < 0 { return 0 }
        if successes >= trials || probability <= 0 { return 1 }
        if probability >= 1 { return 0 }
        if Double(successes) > Double(trials) * probability {
            return 1 - lowerTail(trials - successes - 1, of: trials, at: 1 - probability)
        }
        let (n, k) = (Double(trials), Double(successes))
        let logTerm =
            lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(probability)
            + (n - k) * log1p(-probability)
        var term = exp(logTerm)
        var sum = term
        let odds = (1 - probability) / probability
        for count in stride(from: k, to: 0, by: -1) {
            term *= count / (n - count + 1) * odds
            sum += term
            if term < sum * 1e-17 { break }
        }
        return min(1, sum)
    }

    /// The probability above which `successes` or fewer have at most the probability `tail`.
    ///
    /// Clopper and Pearson 1934. 1 where all trials, or none at all, were made with success.
    static func upperLimit(_ successes: Int, of trials: Int, tail: Double) -> Double {
        if successes >= trials { return 1 }
        var (lower, upper) = (Double(successes) / Double(trials), 1.0)
        // The tail falls in the probability; 60 halvings reach the last bit.
        for _ in 0..<60 {
            let middle = (lower + upper) / 2
            if lowerTail(successes, of: trials, at: middle) > tail {
                lower = middle
            } else {
                upper = middle
            }
        }
        return upper
    }
}

/// A share of examples with its exact 95% interval.
///
/// Clopper and Pearson 1934: it covers the true share at least 95 times of 100, however few
/// examples there are.
public struct Proportion: Codable, Equatable, Sendable {
    /// Examples that count.
    public var count: Int
    /// All examples, at least one.
    public var total: Int
    /// ``count`` of ``total``.
    public var value: Double
    /// The lower end of the interval.
    public var lower: Double
    /// The upper end of the interval.
    public var upper: Double

    /// The share of `count` of `total`; nil of none.
    public init?(_ count: Int, of total: Int) {
        guard total > 0 else { return nil }
        self.count = count
        self.total = total
        value = Double(count) / Double(total)
        upper = Binomial.upperLimit(count, of: total, tail: 0.025)
        lower = 1 - Binomial.upperLimit(total - count, of: total, tail: 0.025)
    }
}
