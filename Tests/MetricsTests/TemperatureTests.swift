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

    @Test(
        "Rows that are all right have the temperature of a wrong one more",
        arguments: [1, 3, 64]
    )
    func allRight(_ count: Int) throws {
        // Of n rows with one margin the best temperature T has σ(margin / T) = (n + 1) / (n + 2).
        let targets = Temperature.smoothed(Array(repeating: [1, 0], count: count))
        let logits = Array(repeating: [4.0, 0.0], count: count)
        let expected = 4 / log(Double(count + 1))
        for found in [
            try Temperature(fittedTo: logits, targets: targets),
            try Temperature(fittedToDraws: logits.map { [$0, $0] }, targets: targets),
        ] {
            #expect(abs(found.value / expected - 1) < 1e-6 && !found.isAtBound)
        }
    }

    @Test("Smoothed targets are probabilities, evenly over what is wrong")
    func smoothed() {
        let found = Temperature.smoothed([[0, 1, 0], [0.5, 0.5, 0], [1, 0]])
        // n = 3: a share of 1/5.
        let expected = [[0.1, 0.8, 0.1], [0.45, 0.45, 0.1], [0.8, 0.2]]
        for (row, values) in zip(found, expected) {
            #expect(abs(row.reduce(0, +) - 1) < 1e-15)
            for (value, other) in zip(row, values) { #expect(abs(value - other) < 1e-15) }
        }
        #expect(Temperature.smoothed([[1]]) == [[1]])
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

    /// Log probabilities of three answers under draws that differ, too sure of themselves.
    private func draws(_ examples: Int, _ count: Int) -> [[[Double]]] {
        var state: UInt64 = 7
        func number() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(1 << 53)
        }
        return (0..<examples).map { example in
            let shared = (0..<3).map { Double($0 == example % 3 ? 3 : 0) + 6 * number() }
            return (0..<count).map { _ in
                Temperature.unscaled.scaled(shared.map { $0 + 3 * number() })
            }
        }
    }

    @Test("Of one draw, or of draws that are all alike, the fit is that of one model")
    func likeOneModel() throws {
        let targets = (0..<40).map { example in (0..<3).map { $0 == example % 3 ? 1.0 : 0 } }
        let one = draws(40, 1)
        let fitted = try Temperature(fittedTo: one.map { $0[0] }, targets: targets)
        #expect(fitted.value > 1.2 && fitted.value < 5)
        #expect(try Temperature(fittedToDraws: one, targets: targets) == fitted)
        let three = one.map { [$0[0], $0[0], $0[0]] }
        let found = try Temperature(fittedToDraws: three, targets: targets)
        #expect(abs(found.value / fitted.value - 1) < 1e-5 && !found.isAtBound)
    }

    @Test("Over draws that differ no other temperature gives the averages a lower NLL")
    func overDraws() throws {
        let draws = draws(40, 4)
        let labels = (0..<40).map { $0 % 3 }
        let targets = labels.map { label in (0..<3).map { $0 == label ? 1.0 : 0 } }
        func loss(_ temperature: Double) -> Double {
            zip(draws, labels).reduce(0) { sum, example in
                let mean = example.0.reduce(0) { mean, draw in
                    let weights = draw.map { exp($0 / temperature) }
                    return mean + weights[example.1] / weights.reduce(0, +) / 4
                }
                return sum - log(mean)
            }
        }
        let found = try Temperature(fittedToDraws: draws, targets: targets)
        let least = (50...20_000).map { loss(Double($0) / 1000) }.min() ?? 0
        #expect(loss(found.value) <= least + 1e-9 && loss(found.value) > least - 1e-4)
        #expect(loss(found.value) < loss(1) && !found.isAtBound)
        // Averages that are always right are best when they are as sure as can be.
        let sure = (0..<3).map { _ in [[-0.1, -2.4], [-0.2, -1.7]] }
        let bound = try Temperature(fittedToDraws: sure, targets: sure.map { _ in [1, 0] })
        #expect(bound.isAtBound && abs(bound.value - Temperature.bounds.lowerBound) < 1e-6)
        let even = (0..<3).map { _ in [[log(0.5), log(0.5)], [log(0.5), log(0.5)]] }
        #expect(
            try Temperature(fittedToDraws: even, targets: even.map { _ in [1, 0] }) == .unscaled
        )
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
