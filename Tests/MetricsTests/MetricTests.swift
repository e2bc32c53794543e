import Foundation
import Testing

@testable import Metrics

@Suite("Metrics")
struct MetricTests {
    @Test("Metrics match NumPy, SciPy and scikit-learn", arguments: try Golden.cases())
    func reference(_ golden: Golden.Case) throws {
        let summary = try MetricSummary(golden.predictions, resamples: 1)
        #expect(Set(golden.metrics.keys) == Set(summary.metrics.map(\.name)))
        for metric in summary.metrics {
            let expected = try #require(golden.metrics[metric.name]).value
            let found = try metric(golden.predictions)
            #expect(
                found == expected || abs(found - expected) < 1e-12,
                "\(metric.name): \(found), reference \(expected)"
            )
        }
    }

    @Test("A confidence on an edge belongs to the bin below, also where c · B is rounded up")
    func binEdges() {
        for bins in [10, 15] {
            for edge in 1...bins {
                let value = Double(edge) / Double(bins)
                #expect(equalWidthBin(of: value, among: bins) == edge - 1)
                #expect(equalWidthBin(of: value.nextUp, among: bins) == min(edge, bins - 1))
                #expect(equalWidthBin(of: value.nextDown, among: bins) == edge - 1)
            }
        }
    }

    @Test("The adaptive error does not depend on the order of the examples")
    func adaptiveOrder() throws {
        let labels = (0..<40).map { $0.isMultiple(of: 3) ? 0 : 1 }
        let predictions = labels.enumerated().map {
            Prediction(id: "\($0)", label: $1, probabilities: [0.75, 0.25])
        }
        let sorted = predictions.sorted { ($0.label ?? 0) < ($1.label ?? 0) }
        let metric = Metric.adaptiveECE
        #expect(try metric(predictions) == metric(sorted))
        #expect(try metric(predictions) == metric(predictions.reversed()))
    }

    @Test("A resample's metrics are those of its examples written out")
    func resamplesAsCounts() throws {
        let golden = try #require(try Golden.cases().first { $0.name == "four answers" })
        let counts = golden.predictions.indices.map { ($0 * 7 + 3) % 4 }
        let written = zip(golden.predictions, counts).flatMap {
            [Prediction](repeating: $0, count: $1)
        }
        let scores = try Scores(golden.predictions)
        for metric in Metric.ofRuns {
            #expect(abs(try metric(written) - metric.statistic(scores)(counts)) < 1e-12)
        }
    }

    @Test("A soft label that is certain is the label: every metric is that of plain rows")
    func certainTargets() throws {
        let plain = try #require(try Golden.cases().first { $0.name == "four answers" }).predictions
        let soft = plain.map { row in
            var result = row
            result.targets = row.probabilities.indices.map { $0 == row.label ? 1 : 0 }
            return result
        }
        for metric in Metric.ofEveryExample {
            #expect(abs(try metric(soft) - metric(plain)) < 1e-12, "\(metric.name)")
        }
        // Nothing of a certain label is uncertain in itself.
        #expect(try abs(Metric.kl(soft) - Metric.nll(plain)) < 1e-12)
    }

    @Test("The right distribution has no divergence, and of two levels RPS is half of Brier")
    func orderedClosedForms() throws {
        let targets = [0.1, 0.2, 0.7]
        let right = Prediction(
            id: "a",
            label: 2,
            targets: targets,
            ordered: true,
            probabilities: targets
        )
        for metric in Metric.ofSomeExamples { #expect(try metric([right]) == 0) }
        let two = Prediction(id: "b", label: 1, ordered: true, probabilities: [0.3, 0.7])
        #expect(try abs(Metric.rankedProbabilityScore([two]) - Metric.brier([two]) / 2) < 1e-15)
        // All on the one end and right on the other: four levels away, and the worst score.
        let far = Prediction(id: "c", label: 4, ordered: true, probabilities: [1, 0, 0, 0, 0])
        #expect(try Metric.meanAbsoluteError([far]) == 4)
        #expect(try Metric.rankedProbabilityScore([far]) == 1)
        // Half of these mistakes are one level off, which counts less than the other end.
        let near = Prediction(id: "d", label: 1, ordered: true, probabilities: [1, 0, 0, 0, 0])
        #expect(try Metric.rankedProbabilityScore([far, near]) == 0.625)
    }

    @Test("Metrics of some examples need such examples and are over them alone")
    func someExamples() throws {
        let plain = Prediction(id: "a", label: 0, probabilities: [0.9, 0.1])
        let soft = Prediction(id: "b", label: 0, targets: [0.8, 0.2], probabilities: [0.5, 0.5])
        #expect(throws: MetricError.noPredictions) { try Metric.kl([plain]) }
        #expect(try Metric.kl([plain, soft]) == Metric.kl([soft]))
        let summary = try MetricSummary([plain, soft], resamples: 100, seed: 1)
        // One example is every resample of itself.
        #expect(summary[.kl].lower == summary[.kl].value)
        #expect(summary[.kl].upper == summary[.kl].value)
    }

    @Test("Predictions that cannot be scored throw and say why")
    func errors() {
        let unlabelled = Prediction(id: "q7", label: nil, probabilities: [0.5, 0.5])
        #expect(throws: MetricError.noPredictions) { try Metric.accuracy([]) }
        #expect(throws: MetricError.noLabel(id: "q7")) { try Metric.accuracy([unlabelled]) }
        #expect(throws: MetricError.noPredictions) { try MetricSummary([]) }
        #expect(throws: MetricError.noResamples(0)) {
            try MetricSummary([unlabelled], resamples: 0)
        }
        for probabilities in [[], [0.5, 0.6], [.nan, 1], [1.5, -0.5], [0.5, 0.5]] {
            let prediction = Prediction(id: "q", label: 2, probabilities: probabilities)
            #expect(throws: MetricError.self) { try Metric.brier([prediction]) }
        }
        #expect(
            String(describing: MetricError.noLabel(id: "q7"))
                == "the prediction \"q7\" has no label, which metrics need"
        )
    }

    @Test("Entropy and mutual information match NumPy")
    func uncertainty() throws {
        let golden = try Golden.load(Golden.Metrics.self, "metrics.json").uncertainty
        let mean = (0..<4).map { answer in
            golden.draws.reduce(0) { $0 + $1[answer] } / Double(golden.draws.count)
        }
        #expect(abs(PredictiveUncertainty.entropy(of: mean) - golden.entropyOfMean) < 1e-12)
        let information = try PredictiveUncertainty.mutualInformation(of: golden.draws)
        #expect(abs(information - golden.mutualInformation) < 1e-12)
    }

    @Test("Draws that agree share no information, opposite certain ones share log 2")
    func extremeDraws() throws {
        let information = PredictiveUncertainty.mutualInformation
        #expect(try information([[0.1, 0.9], [0.1, 0.9], [0.1, 0.9]]) < 1e-15)
        #expect(try abs(information([[1, 0], [0, 1]]) - log(2)) < 1e-15)
        #expect(PredictiveUncertainty.entropy(of: [1, 0]).sign == .plus)
        for draws in [[], [[]], [[1], [0.5, 0.5]]] {
            #expect(throws: MetricError.unevenDraws(counts: draws.map(\.count))) {
                try information(draws)
            }
        }
    }
}
