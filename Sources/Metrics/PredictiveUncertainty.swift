import Foundation

/// How uncertain a predictive distribution is, and how much of that the draws disagree about.
public enum PredictiveUncertainty {
    /// The entropy -Σ p log p of a distribution, in nats; an answer with probability 0 adds none.
    public static func entropy(of probabilities: [Double]) -> Double {
        // 0 - x, as -x would make a certain answer's entropy the negative zero.
        0 - probabilities.reduce(0) { $0 + ($1 > 0 ? $1 * log($1) : 0) }
    }

    /// The mutual information of answer and parameters, in nats: the entropy of the draws' mean
    /// minus the mean of their entropies.
    ///
    /// Houlsby et al. 2011 (arXiv 1112.5745). `draws` holds one distribution over the answers for
    /// each draw. Never negative: what rounding leaves below 0 is 0.
    ///
    /// Throws ``MetricError/unevenDraws(counts:)`` without draws, without answers, or where the
    /// draws differ in their number of answers.
    public static func mutualInformation(of draws: [[Double]]) throws -> Double {
        guard let first = draws.first, !first.isEmpty,
            draws.allSatisfy({ $0.count == first.count })
        else { throw MetricError.unevenDraws(counts: draws.map(\.count)) }
        let count = Double(draws.count)
        let mean = first.indices.map { answer in
            draws.reduce(0) { $0 + $1[answer] } / count
        }
        let expectedEntropy = draws.reduce(0) { $0 + entropy(of: $1) } / count
        return max(0, entropy(of: mean) - expectedEntropy)
    }
}
