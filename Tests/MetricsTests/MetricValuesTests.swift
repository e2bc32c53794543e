import Foundation
import Metrics
import Testing

@Suite("Metrics as plain numbers")
struct MetricValuesTests {
    private static let keys = [
        "accuracy", "ece", "ece15", "adaptive_ece", "nll", "brier", "aurc", "accuracy_at_80",
        "accuracy_at_90", "coverage_at_5",
    ]

    @Test("Every metric matches NumPy and scikit-learn, under the keys of the file")
    func reference() throws {
        #expect(Metric.ofEveryExample.map(\.name) == Self.keys)
        for golden in try ComparisonGolden.load().values {
            let found = try MetricValues(golden.predictions)
            let data = try JSONEncoder().encode(found)
            let byKey = try JSONDecoder().decode([String: Double].self, from: data)
            #expect(Set(byKey.keys) == Set(Self.keys))
            for metric in Metric.ofEveryExample {
                let expected = try #require(golden.expected[metric.name])
                #expect(abs(found[metric] - expected) < 1e-12, "\(metric.name)")
                #expect(byKey[metric.name] == found[metric])
            }
            #expect(try JSONDecoder().decode(MetricValues.self, from: data) == found)
        }
    }

    @Test("Metrics have distinct names, and accuracies alone are better when higher")
    func rows() throws {
        for names in [Metric.allCases.map(\.title), Metric.allCases.map(\.label)] {
            #expect(Set(names).count == Metric.allCases.count)
        }
        #expect(
            Metric.ofEveryExample.filter(\.isBetterHigher).map(\.name)
                == ["accuracy", "accuracy_at_80", "accuracy_at_90", "coverage_at_5"]
        )
        #expect(Metric.allCases.allSatisfy { Metric(rawValue: $0.name) == $0 })
        #expect(Metric(rawValue: "loss") == nil)
    }

    @Test("A row's metric is that of the whole summary", arguments: try Golden.cases())
    func sameAsSummary(_ golden: Golden.Case) throws {
        let found = try MetricValues(golden.predictions)
        let curve = try SelectivePrediction(golden.predictions)
        #expect(found[.aurc] == curve.areaUnderCurve)
        #expect(found[.accuracyAt80] == curve.accuracy(atCoverage: 80))
        #expect(found[.accuracyAt90] == curve.accuracy(atCoverage: 90))
        #expect(found[.coverageAt5] == curve.coverage(atRisk: 0.05))
        for metric in Metric.ofEveryExample {
            let value = try metric(golden.predictions)
            #expect(value == found[metric] && metric.range.contains(value))
        }
    }

    @Test("Soft labels and levels have metrics of their own, over the rows that have them")
    func someExamples() throws {
        let hard = Prediction(id: "a", label: 0, probabilities: [0.9, 0.1])
        let soft = Prediction(
            id: "b",
            label: 0,
            targets: [0.75, 0.25],
            ordered: true,
            probabilities: [0.5, 0.5]
        )
        let found = try MetricValues([hard, soft])
        let kl = 0.75 * log(0.75 / 0.5) + 0.25 * log(0.25 / 0.5)
        #expect(abs(found[.kl] - kl) < 1e-12)
        #expect(abs(found[.rankedProbabilityScore] - 0.25 * 0.25) < 1e-12)
        let data = try JSONEncoder().encode(found)
        #expect(try JSONDecoder().decode(MetricValues.self, from: data) == found)
        #expect(try MetricValues([hard])[.kl].isNaN)
    }

    @Test("An infinite NLL is the string \"inf\", and other strings or absent keys throw")
    func infinity() throws {
        let values = try MetricValues([Prediction(id: "a", label: 0, probabilities: [0, 1])])
        let data = try JSONEncoder().encode(values)
        let text = String(decoding: data, as: UTF8.self)
        #expect(text.contains(#""nll":"inf""#))
        #expect(try JSONDecoder().decode(MetricValues.self, from: data) == values)
        for broken in [
            text.replacingOccurrences(of: "\"inf\"", with: "\"nan\""),
            text.replacingOccurrences(of: "\"nll\"", with: "\"loss\""),
        ] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(MetricValues.self, from: Data(broken.utf8))
            }
        }
    }
}
