import Foundation
import Randomness

/// By what rows without a label are chosen to be labelled next.
public enum Acquisition: String, CaseIterable, Sendable {
    /// The mutual information of answer and parameters, in nats: what a label would tell of the
    /// parameters (BALD: Houlsby et al. 2011, arXiv 1112.5745). High where draws disagree.
    case mutualInformation = "mutual-information"
    /// The entropy of the probabilities, in nats, whether more data could lower it or not.
    case entropy
    /// Chance, which the other two must beat.
    case random

    /// What a label of a row is worth: the sum over the row's questions, all of which it answers.
    ///
    /// Nil for chance, and for mutual information of answers without draws.
    public func score(of answers: [Prediction]) -> Double? {
        switch self {
        case .mutualInformation:
            answers.allSatisfy { $0.mutualInformation != nil }
                ? answers.reduce(0) { $0 + ($1.mutualInformation ?? 0) } : nil
        case .entropy:
            answers.reduce(0) { $0 + PredictiveUncertainty.entropy(of: $1.probabilities) }
        case .random: nil
        }
    }

    /// The places of rows from the highest score to the lowest; of equals the first goes first.
    public static func ranking(of scores: [Double]) -> [Int] {
        scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
    }

    /// The places of rows in an order of chance.
    public static func randomRanking(of count: Int, seed: UInt64) -> [Int] {
        var generator = RandomStream.acquisition.generator(seed: seed)
        return generator.permutation(of: count)
    }
}
