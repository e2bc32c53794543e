import Foundation
import Testing

@testable import Metrics

/// Numbers of `References/make_metrics.py`.
private struct ClassGolden: Decodable {
    struct Class: Decodable {
        var support: Int
        var answered: Int
        var precision: Double?
        var recall: Double?
        var f1: Double?
        var overconfidence: Double?
    }

    var predictions: [Prediction]
    /// By index.
    var classes: [Class]
    /// Right answer, given answer, count.
    var confusions: [[Int]]

    static func load() throws -> [ClassGolden] {
        let file = Golden.folder.appendingPathComponent("classes.json")
        return try JSONDecoder().decode([ClassGolden].self, from: Data(contentsOf: file))
    }
}

@Suite("Reports answer by answer")
struct ClassReportTests {
    @Test("Precision, recall, F1 and confusions match scikit-learn")
    func reference() throws {
        for golden in try ClassGolden.load() {
            let report = try #require(try ClassReport(golden.predictions))
            #expect(report.classes.count == golden.classes.count)
            for found in report.classes {
                let expected = golden.classes[found.answer]
                #expect(found.support == expected.support && found.answered == expected.answered)
                for (found, expected) in [
                    (found.precision, expected.precision), (found.recall, expected.recall),
                    (found.f1, expected.f1), (found.overconfidence, expected.overconfidence),
                ] {
                    #expect((found == nil) == (expected == nil))
                    #expect(abs((found ?? 0) - (expected ?? 0)) < 1e-12)
                }
            }
            let pairs = report.confusions.map { [$0.label, $0.answer, $0.count] }
            #expect(Set(pairs) == Set(golden.confusions))
        }
    }

    @Test("The worst answer and the most frequent confusion come first, what nobody asked for last")
    func order() throws {
        let golden = try #require(ClassGolden.load().first)
        let report = try #require(try ClassReport(golden.predictions))
        let scores = report.classes.compactMap(\.f1)
        #expect(scores == scores.sorted() && scores.count > 1)
        let counts = report.confusions.map(\.count)
        #expect(counts == counts.sorted(by: >))
        let alone = try #require(
            try ClassReport([Prediction(id: "a", label: 0, probabilities: [0.9, 0.1, 0])])
        )
        #expect(alone.classes.map(\.answer) == [0, 1, 2] && alone.classes[1].f1 == nil)
    }

    @Test("Rows of different numbers of answers have no report")
    func uneven() throws {
        let rows = [
            Prediction(id: "a", label: 0, probabilities: [0.9, 0.1]),
            Prediction(id: "b", label: 0, probabilities: [0.9, 0.1, 0]),
        ]
        #expect(try ClassReport(rows) == nil)
        #expect(throws: MetricError.noPredictions) { try ClassReport([]) }
    }

    @Test("The surest mistakes and the most uncertain rows are found, and equals keep their order")
    func notable() {
        let rows = [
            Prediction(id: "right", label: 0, probabilities: [0.99, 0.01]),
            Prediction(id: "wrong", label: 1, probabilities: [0.8, 0.2]),
            Prediction(id: "even", label: 0, probabilities: [0.5, 0.5]),
            Prediction(id: "surely wrong", label: 0, probabilities: [0.1, 0.9]),
            Prediction(id: "wrong, too", label: 1, probabilities: [0.8, 0.2]),
            Prediction(id: "unknown", label: nil, probabilities: [0.95, 0.05]),
        ]
        let notable = NotablePredictions(rows, count: 3)
        #expect(notable.confidentMistakes.map(\.id) == ["surely wrong", "wrong", "wrong, too"])
        #expect(notable.mostUncertain.map(\.id) == ["even", "wrong", "wrong, too"])
    }
}
