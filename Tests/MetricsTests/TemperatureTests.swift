import Foundation
import Metrics
import Testing

@Suite("Temperature scaling")
struct TemperatureTests {
    private func negativeLogLikelihood(
        _ logProbabilities: [[Double]],
        _ labels: [Int],
        at temperature: Temperature
    ) -> Double {
        zip(logProbabilities, labels).reduce(0) { $0 - temperature.scaled($1.0)[$1.1] }
    }

    @Test("The fit matches SciPy", arguments: try ComparisonGolden.load().temperature)
    func reference(_ golden: ComparisonGolden.Fit) throws {
        let found = try Temperature(fittedTo: golden.logits, labels: golden.labels)
        #expect(abs(found.value / golden.temperature - 1) < 1e-10)
        #expect(!found.isAtBound)
        for (value, expected) in zip(found.scaled(golden.logits[0]), golden.scaled) {
            #expect(abs(value - expected) < 1e-9)
        }
    }

    @Test("Normalised logits, and answers of probability 0, change nothing")
    func invariance() throws {
        let golden = try ComparisonGolden.load().temperature[0]
        let expected = try Temperature(fittedTo: golden.logits, labels: golden.labels).value
        var one = Temperature.unscaled
        #expect(one.value == 1)
        let normalised = golden.logits.map { one.scaled($0) + [-.infinity] }
        let found = try Temperature(fittedTo: normalised, labels: golden.labels)
        #expect(abs(found.value / expected - 1) < 1e-10)
        let impossible = try Temperature(
            fittedTo: normalised + [[0, -.infinity, -.infinity, -.infinity]],
            labels: golden.labels + [3]
        )
        #expect(abs(impossible.value / expected - 1) < 1e-10)
        one.value = 2
        let scaled = one.scaled([log(0.8), log(0.2), -.infinity])
        #expect(abs(exp(scaled[0]) - 2.0 / 3) < 1e-15)
        #expect(abs(exp(scaled[1]) - 1.0 / 3) < 1e-15)
        #expect(scaled[2] == -.infinity)
        #expect(one.scaled([-1e300, -.infinity]) == [0, -.infinity])
    }

    @Test("No temperature nearby has a smaller NLL")
    func minimum() throws {
        let golden = try ComparisonGolden.load().temperature[1]
        let best = try Temperature(fittedTo: golden.logits, labels: golden.labels)
        let least = negativeLogLikelihood(golden.logits, golden.labels, at: best)
        for factor in [0.5, 0.99, 1.01, 2] {
            var other = best
            other.value *= factor
            #expect(negativeLogLikelihood(golden.logits, golden.labels, at: other) > least)
        }
    }

    @Test("A minimum outside of the bounds is reported at its end, none at all as 1")
    func bounds() throws {
        let right = try Temperature(fittedTo: [[-0.1, -2.4], [-3, -0.05]], labels: [0, 1])
        #expect(right.value == 0.05 && right.isAtBound)
        let wrong = try Temperature(fittedTo: [[-0.1, -2.4], [-3, -0.05]], labels: [1, 0])
        #expect(wrong.value == 20 && wrong.isAtBound)
        let even = try Temperature(fittedTo: [[-0.7, -0.7], [0, -.infinity]], labels: [1, 1])
        #expect(even.value == 1 && !even.isAtBound)
        let data = try JSONEncoder().encode(wrong)
        #expect(try JSONDecoder().decode(Temperature.self, from: data) == wrong)
    }

    @Test("Soft labels weigh as so many rows of each answer")
    func softLabels() throws {
        let answers: [[Double]] = [[-0.2, -1.7], [-2.5, -0.1]]
        let soft = try Temperature(fittedTo: answers, targets: [[0.75, 0.25], [0.25, 0.75]])
        let rows = (0..<8).map { answers[$0 / 4] }
        let hard = try Temperature(fittedTo: rows, labels: [0, 0, 0, 1, 0, 1, 1, 1])
        #expect(abs(soft.value - hard.value) < 1e-12 && !soft.isAtBound)
        // An answer that is never right may be impossible; one that may be right may not.
        let impossible = try Temperature(
            fittedTo: answers + [[0, -.infinity]],
            targets: [[0.75, 0.25], [0.25, 0.75], [0.5, 0.5]]
        )
        #expect(impossible.value == soft.value)
    }

    @Test("Extreme log probabilities neither trap nor give a number that is none")
    func extremes() throws {
        let huge = [[-1e300, 0], [0, -745], [-1e-300, -690]]
        let found = try Temperature(fittedTo: huge, labels: [0, 1, 0])
        #expect(Temperature.bounds.contains(found.value))
    }

    @Test("What does not fit together throws and says why")
    func errors() {
        let cases: [([[Double]], [Int], String)] = [
            ([], [], "of 0 examples and the labels of 0"),
            ([[0, 0]], [0, 1], "of 1 examples and the labels of 2"),
            ([[0, 0]], [2], "the label of example 0 is 2 among 2 answers"),
            ([[0, 0], [0]], [0, -1], "the label of example 1 is -1 among 1 answers"),
            ([[.nan, 0]], [1], "a log probability of example 0 is nan"),
            ([[.infinity, 0]], [1], "a log probability of example 0 is inf"),
        ]
        for (values, labels, reason) in cases {
            let error = #expect(throws: MetricError.self) {
                try Temperature(fittedTo: values, labels: labels)
            }
            #expect(error?.description.hasPrefix("no temperature can be fitted: ") == true)
            #expect(error?.description.contains(reason) == true)
        }
        let error = #expect(throws: MetricError.self) {
            try Temperature(fittedTo: [[0, 0]], targets: [[1]])
        }
        #expect(
            error?.description.contains("of example 0 are 1 numbers for 2 answers") == true
        )
    }
}
