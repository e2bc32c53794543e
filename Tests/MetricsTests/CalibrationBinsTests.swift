import Metrics
import Testing

@Suite("Bins of a reliability diagram")
struct CalibrationBinsTests {
    @Test("Gaps weighted by counts add up to the calibration error", arguments: try Golden.cases())
    func sum(_ golden: Golden.Case) throws {
        for (count, metric) in [(10, Metric.ece), (15, .ece15)] {
            let bins = try CalibrationBin.bins(of: golden.predictions, count: count)
            #expect(bins.count == count)
            #expect(bins.reduce(0) { $0 + $1.count } == golden.predictions.count)
            let error = bins.reduce(0) { sum, bin in
                guard let accuracy = bin.accuracy, let confidence = bin.confidence else {
                    return sum
                }
                return sum + Double(bin.count) * abs(accuracy - confidence)
            }
            let expected = try metric(golden.predictions) * Double(golden.predictions.count)
            #expect(abs(error - expected) < 1e-10)
        }
    }

    @Test("A bin says what is in it, and an empty one that nothing is")
    func contents() throws {
        let bins = try CalibrationBin.bins(of: [
            Prediction(id: "a", label: 0, probabilities: [0.7, 0.3]),
            Prediction(id: "b", label: 1, probabilities: [0.65, 0.35]),
        ])
        #expect((bins[6].lower, bins[6].upper, bins[6].count) == (0.6, 0.7, 2))
        #expect(bins[6].accuracy == 0.5)
        #expect(abs((bins[6].confidence ?? 0) - 0.675) < 1e-12)
        #expect(bins[7].count == 0 && bins[7].accuracy == nil && bins[7].confidence == nil)
    }
}
