import Foundation
import Testing

@testable import Metrics

@Suite("Which rows are worth a label")
struct AcquisitionTests {
    /// The answer to a row of two options, of which each draw gives the first a probability.
    private func answer(_ draws: [Double]) throws -> Prediction {
        let rows = draws.map { [$0, 1 - $0] }
        let mean = draws.reduce(0, +) / Double(draws.count)
        return Prediction(
            id: "row",
            label: nil,
            probabilities: [mean, 1 - mean],
            meanProbabilities: [mean, 1 - mean],
            mutualInformation: try PredictiveUncertainty.mutualInformation(of: rows)
        )
    }

    @Test("Mutual information ranks by what draws disagree about, entropy by all doubt")
    func closedForm() throws {
        let disagreed = try answer([1, 0])  // ln 2 of both
        let doubted = try answer([0.5, 0.5])  // ln 2 of entropy, nothing to be learnt
        let certain = try answer([1, 1])
        let leaning = try answer([0.9, 0.5])
        func binary(_ p: Double) -> Double { -p * log(p) - (1 - p) * log(1 - p) }
        let learnt = binary(0.7) - (binary(0.9) + binary(0.5)) / 2
        let rows = [certain, doubted, leaning, disagreed].map { [$0] }
        let bit = log(2.0)
        let table: [(by: Acquisition, scores: [Double], ranking: [Int])] = [
            (.mutualInformation, [0, 0, learnt, bit], [3, 2, 0, 1]),
            (.entropy, [0, bit, binary(0.7), bit], [1, 3, 2, 0]),
        ]
        for (by, expected, ranking) in table {
            let scores = rows.compactMap { by.score(of: $0) }
            for (score, exact) in zip(scores, expected) { #expect(abs(score - exact) < 1e-12) }
            #expect(scores.count == 4 && Acquisition.ranking(of: scores) == ranking)
        }
        // A row of several questions is worth what all of them are.
        let several = Acquisition.mutualInformation.score(of: [disagreed, certain, leaning])
        #expect(abs((several ?? 0) - (bit + learnt)) < 1e-12)
    }

    @Test("Answers without draws have no mutual information, and chance no score")
    func noScore() throws {
        let point = Prediction(id: "row", label: nil, probabilities: [0.5, 0.5])
        #expect(Acquisition.mutualInformation.score(of: [try answer([1, 0]), point]) == nil)
        #expect(Acquisition.random.score(of: [point]) == nil)
    }

    @Test("Chance depends on the seed alone and leaves no row out")
    func chance() {
        let order = Acquisition.randomRanking(of: 50, seed: 1)
        #expect(order == Acquisition.randomRanking(of: 50, seed: 1))
        #expect(order != Acquisition.randomRanking(of: 50, seed: 2))
        #expect(order.sorted() == Array(0..<50) && order != order.sorted())
    }
}
