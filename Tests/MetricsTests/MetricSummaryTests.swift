import Foundation
import Testing

@testable import Metrics

@Suite("Metric summaries")
struct MetricSummaryTests {
    private func values(_ summary: MetricSummary) -> [String: MetricValue] {
        Dictionary(uniqueKeysWithValues: Metric.ofRuns.map { ($0.name, summary[$0]) })
    }

    @Test("Bootstrap intervals match the reference, resample for resample")
    func intervals() throws {
        let data = try Data(contentsOf: Golden.folder.appendingPathComponent("metrics.json"))
        let golden = try JSONDecoder().decode(BootstrapGolden.self, from: data).bootstrap
        let example = try #require(try Golden.cases().first { $0.name == golden.case })
        let summary = try MetricSummary(
            example.predictions,
            resamples: golden.resamples,
            seed: golden.seed
        )
        for (name, value) in values(summary) {
            let expected = try #require(golden.intervals[name])
            #expect(abs(value.lower - expected[0]) < 1e-12, "\(name)")
            #expect(abs(value.upper - expected[1]) < 1e-12, "\(name)")
            let metric = try #require(example.metrics[name]).value
            #expect(abs(value.value - metric) < 1e-12, "\(name)")
        }
    }

    private struct BootstrapGolden: Decodable {
        var bootstrap: Golden.Bootstrap
    }

    @Test("The file's keys are those of the table of metrics, and it reads back")
    func coding() throws {
        let predictions = [
            Prediction(id: "a", label: 0, probabilities: [1, 0]),
            Prediction(id: "b", label: 0, probabilities: [0.25, 0.75]),
        ]
        let summary = try MetricSummary(predictions, resamples: 50, seed: 1)
        let data = try JSONEncoder().encode(summary)
        #expect(try JSONDecoder().decode(MetricSummary.self, from: data) == summary)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(Set(object.keys) == Set(Metric.ofRuns.map(\.name) + ["examples"]))
    }

    @Test("Soft labels and ordered answers add their metrics to the file")
    func someExamples() throws {
        let predictions = [
            Prediction(id: "a", label: 0, targets: [0.75, 0.25], probabilities: [0.5, 0.5]),
            Prediction(id: "b", label: 0, ordered: true, probabilities: [0.25, 0.75]),
        ]
        let summary = try MetricSummary(predictions, resamples: 50, seed: 1)
        let data = try JSONEncoder().encode(summary)
        #expect(try JSONDecoder().decode(MetricSummary.self, from: data) == summary)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let names = Metric.ofRuns.map(\.name) + ["examples", "kl", "mae", "rps"]
        #expect(Set(object.keys) == Set(names))
    }

    @Test("An infinite NLL is written as \"inf\" and read back")
    func infinity() throws {
        let predictions = [
            Prediction(id: "a", label: 1, probabilities: [1, 0]),
            Prediction(id: "b", label: 0, probabilities: [0.5, 0.5]),
        ]
        let summary = try MetricSummary(predictions, resamples: 100, seed: 3)
        // Some resamples hold the impossible label, and some do not.
        #expect(summary.nll.value == .infinity && summary.nll.upper == .infinity)
        #expect(abs(summary.nll.lower - log(2)) < 1e-15)
        let data = try JSONEncoder().encode(summary)
        let text = try #require(String(data: data, encoding: .utf8))
        #expect(text.contains("\"upper\":\"inf\""))
        #expect(try JSONDecoder().decode(MetricSummary.self, from: data) == summary)
        let broken = Data(#"{"value":"many","lower":0,"upper":1}"#.utf8)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(MetricValue.self, from: broken)
        }
    }

    @Test("The same seed gives the same intervals, another seed others")
    func seeds() throws {
        let predictions = (0..<50).map {
            Prediction(
                id: "\($0)",
                label: $0 % 2,
                probabilities: [Double($0) / 100, 1 - Double($0) / 100]
            )
        }
        let first = try MetricSummary(predictions, seed: 1)
        #expect(try MetricSummary(predictions, seed: 1) == first)
        #expect(try MetricSummary(predictions, seed: 2).nll != first.nll)
    }

    @Test("An accuracy interval covers about two standard errors on each side")
    func width() throws {
        let predictions = (0..<400).map {
            Prediction(id: "\($0)", label: $0 % 4 == 0 ? 0 : 1, probabilities: [0.3, 0.7])
        }
        let accuracy = try MetricSummary(predictions, seed: 9).accuracy
        let standardError = (0.75 * 0.25 / 400).squareRoot()
        #expect(accuracy.value == 0.75)
        #expect(abs(accuracy.upper - accuracy.value - 1.96 * standardError) < 0.3 * standardError)
        #expect(abs(accuracy.value - accuracy.lower - 1.96 * standardError) < 0.3 * standardError)
    }

    @Test("Quantiles interpolate, and stay clear of inf - inf")
    func quantiles() {
        #expect(quantile(0.25, of: [1, 2, 3, 4]) == 1.75)
        #expect(quantile(1, of: [1, 2]) == 2)
        #expect(quantile(0.5, of: [7]) == 7)
        #expect(quantile(0.5, of: [1, .infinity]) == .infinity)
        #expect(quantile(0.75, of: [1, 2, .infinity, .infinity]) == .infinity)
    }
}
