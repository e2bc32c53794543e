import Foundation
import Metrics
import Testing

@Suite("Metrics as plain numbers")
struct MetricValuesTests {
    private static let keys = [
        "accuracy", "ece", "ece15", "adaptive_ece", "nll", "brier", "aurc", "accuracy_at_80",
        "accuracy_at_90",
    ]

    @Test("Every metric matches NumPy and scikit-learn, under the keys of the file")
    func reference() throws {
        #expect(MetricValues.rows.map(\.key) == Self.keys)
        for golden in try ComparisonGolden.load().values {
            let found = try MetricValues(golden.predictions)
            let data = try JSONEncoder().encode(found)
            let byKey = try JSONDecoder().decode([String: Double].self, from: data)
            #expect(Set(byKey.keys) == Set(Self.keys))
            for row in MetricValues.rows {
                let expected = try #require(golden.expected[row.key])
                #expect(abs(found[keyPath: row.value] - expected) < 1e-12, "\(row.key)")
                #expect(byKey[row.key] == found[keyPath: row.value])
            }
            #expect(try JSONDecoder().decode(MetricValues.self, from: data) == found)
        }
    }

    @Test("Rows name each property once, and accuracies alone are better when higher")
    func rows() throws {
        #expect(Set(MetricValues.rows.map(\.value)).count == Self.keys.count)
        #expect(Set(MetricValues.rows.map(\.title)).count == Self.keys.count)
        #expect(
            MetricValues.rows.filter { !$0.lowerIsBetter }.map(\.key)
                == ["accuracy", "accuracy_at_80", "accuracy_at_90"]
        )
    }

    @Test("A row's metric is that of the whole summary", arguments: try Golden.cases())
    func sameAsSummary(_ golden: Golden.Case) throws {
        let found = try MetricValues(golden.predictions)
        let curve = try SelectivePrediction(golden.predictions)
        #expect(found.aurc == curve.areaUnderCurve)
        #expect(found.accuracyAt80 == curve.accuracy(atCoverage: 80))
        #expect(found.accuracyAt90 == curve.accuracy(atCoverage: 90))
        for row in MetricValues.rows {
            #expect(try row.metric(golden.predictions) == found[keyPath: row.value])
        }
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
