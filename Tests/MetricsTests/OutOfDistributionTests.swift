import Foundation
import Metrics
import Testing

@Suite("Out-of-task detection")
struct OutOfDistributionTests {
    private typealias Detection = OutOfDistribution.Detection

    private func expectClose(_ found: Detection, _ expected: Detection) {
        #expect(abs(found.auroc - expected.auroc) < 1e-12)
        #expect(abs(found.aupr - expected.aupr) < 1e-12)
        #expect(abs(found.fpr95 - expected.fpr95) < 1e-12)
    }

    @Test("Detection matches scikit-learn", arguments: try ComparisonGolden.load().detection)
    func reference(_ golden: ComparisonGolden.Detection) throws {
        expectClose(
            try Detection(inTask: golden.inTask, outOfTask: golden.outOfTask),
            golden.expected
        )
    }

    @Test("Three uncertainties of predictions are measured, under the keys of the file")
    func predictions() throws {
        let golden = try ComparisonGolden.load().tasks
        let found = try OutOfDistribution(inTask: golden.inTask, outOfTask: golden.outOfTask)
        let data = try JSONEncoder().encode(found)
        let byKey = try JSONDecoder().decode([String: Detection].self, from: data)
        #expect(Set(byKey.keys) == ["max_probability", "entropy", "mutual_information"])
        for (key, expected) in golden.expected {
            expectClose(try #require(byKey[key]), expected)
        }
        #expect(try JSONDecoder().decode(OutOfDistribution.self, from: data) == found)
    }

    @Test("One prediction without mutual information leaves that score out, on either side")
    func withoutDraws() throws {
        let golden = try ComparisonGolden.load().tasks
        var plain = golden.inTask
        plain[3].mutualInformation = nil
        for (inTask, outOfTask) in [(plain, golden.outOfTask), (golden.outOfTask, plain)] {
            let found = try OutOfDistribution(inTask: inTask, outOfTask: outOfTask)
            #expect(found.mutualInformation == nil)
            #expect(found.entropy.auroc > 0)
            let text = String(decoding: try JSONEncoder().encode(found), as: UTF8.self)
            #expect(!text.contains("mutual_information"))
        }
    }

    @Test("Exchanging the sides turns the ROC curve round, and a monotone change leaves it")
    func symmetry() throws {
        let golden = try #require(
            try ComparisonGolden.load().detection.first { $0.name == "many ties" }
        )
        let found = try Detection(inTask: golden.inTask, outOfTask: golden.outOfTask)
        let turned = try Detection(inTask: golden.outOfTask, outOfTask: golden.inTask)
        #expect(abs(found.auroc + turned.auroc - 1) < 1e-12)
        let changed = try Detection(
            inTask: golden.inTask.map { exp($0) },
            outOfTask: golden.outOfTask.map { exp($0) }
        )
        #expect(changed == found)
    }

    @Test("An empty side, a number that is none and unsound predictions throw one sentence")
    func errors() throws {
        let sound = Prediction(id: "a", label: nil, probabilities: [0.5, 0.5])
        let unsound = Prediction(id: "b", label: nil, probabilities: [0.5, 0.6])
        let empty = #expect(throws: MetricError.self) { try Detection(inTask: [1], outOfTask: []) }
        #expect(
            empty?.description
                == "out-of-task examples cannot be told from the task's: both need at least one "
                + "example, but the task has 1 and the other has 0"
        )
        #expect(throws: MetricError.noDetection(reason: "an uncertainty is not a number")) {
            try Detection(inTask: [.nan], outOfTask: [1])
        }
        #expect(throws: MetricError.self) { try OutOfDistribution(inTask: [], outOfTask: [sound]) }
        for (inTask, outOfTask) in [(sound, unsound), (unsound, sound)] {
            #expect(
                throws: MetricError.unsound(
                    id: "b",
                    reason: "probabilities sums to 1.1 and should sum to 1"
                )
            ) { try OutOfDistribution(inTask: [inTask], outOfTask: [outOfTask]) }
        }
    }
}
