import Foundation
import Metrics
import Testing

@Suite("Selective prediction")
struct SelectivePredictionTests {
    @Test(
        "Risk, AURC, accuracy at a coverage and coverage at a risk match NumPy",
        arguments: try Golden.cases()
    )
    func reference(_ golden: Golden.Case) throws {
        let curve = try SelectivePrediction(golden.predictions)
        try #require(curve.risks.count == golden.selective.risks.count)
        for (found, expected) in zip(curve.risks, golden.selective.risks) {
            #expect(abs(found - expected) < 1e-12)
        }
        #expect(abs(curve.areaUnderCurve - golden.selective.aurc) < 1e-12)
        #expect(golden.selective.accuracy.count == 2)
        for (percent, expected) in golden.selective.accuracy {
            let found = curve.accuracy(atCoverage: try #require(Int(percent)))
            #expect(abs(found - expected) < 1e-12, "at \(percent)%")
        }
        #expect(abs(curve.coverage(atRisk: 0.05) - golden.selective.coverage) < 1e-12)
    }

    @Test("At full coverage the accuracy is the metric", arguments: try Golden.cases())
    func fullCoverage(_ golden: Golden.Case) throws {
        let curve = try SelectivePrediction(golden.predictions)
        #expect(
            abs(curve.accuracy(atCoverage: 100) - (try Metric.accuracy(golden.predictions))) < 1e-12
        )
    }

    @Test("The order of the file does not matter, and any percentage is answered")
    func properties() throws {
        let predictions = (0..<50).map {
            let confidence = 0.5 + Double($0 % 7) / 14
            return Prediction(
                id: "\($0)",
                label: $0 % 3 == 0 ? 1 : 0,
                probabilities: [confidence, 1 - confidence]
            )
        }
        let curve = try SelectivePrediction(predictions)
        #expect(try SelectivePrediction(predictions.reversed()).risks == curve.risks)
        #expect(curve.accuracy(atCoverage: 0) == curve.accuracy(atCoverage: 2))
        #expect(curve.accuracy(atCoverage: -5) == 1 - curve.risks[0])
        #expect(curve.accuracy(atCoverage: 101) == 1 - curve.risks[49])
        #expect(curve.coverage(atRisk: 1) == 1 && curve.coverage(atRisk: -0.1) == 0)
        #expect(throws: MetricError.noPredictions) { try SelectivePrediction([]) }
    }
}
