import Foundation
import Testing

@testable import Metrics

@Suite("Metrics")
struct MetricTests {
    @Test("Metrics match NumPy and scikit-learn", arguments: try Golden.cases())
    func reference(_ golden: Golden.Case) throws {
        #expect(Set(golden.metrics.keys) == Set(Metric.ofRuns.map(\.name)))
        for metric in Metric.ofRuns {
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
