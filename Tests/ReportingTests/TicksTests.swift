import Testing

@testable import Reporting

@Suite("Axes")
struct TicksTests {
    @Test(
        "Ticks are round numbers inside the range, labelled with the decimals they need",
        arguments: [
            (0.0...1.0, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
            (0.5...1.0, ["0.5", "0.6", "0.7", "0.8", "0.9", "1.0"]),
            (0.0...100.0, ["0", "20", "40", "60", "80", "100"]),
            (0.0...20.6, ["0", "5", "10", "15", "20"]),
            (0.992...1.006, ["0.995", "1.000", "1.005"]),
            (-0.3...0.3, ["-0.2", "0.0", "0.2"]),
            (0.0...5_000_000.0, ["0", "1e+06", "2e+06", "3e+06", "4e+06", "5e+06"]),
            (0.0...4e-6, ["0", "1e-06", "2e-06", "3e-06", "4e-06"]),
        ]
    )
    func labels(_ range: ClosedRange<Double>, _ expected: [String]) {
        let ticks = Ticks(in: range, count: 5)
        #expect(ticks.values.map(ticks.label) == expected)
    }

    @Test("A range around values ends on round numbers and never is empty")
    func ranges() {
        #expect(ClosedRange.rounded(around: [0.03, 0.37]) == 0.0...0.4)
        #expect(ClosedRange.rounded(around: []) == 0.0...1.0)
        #expect(ClosedRange.rounded(around: [.nan, .infinity]) == 0.0...1.0)
        for values in [
            [0], [5], [-2], [0, .infinity], [1e299, -1e299], [1, 1.0.nextUp],
            [.leastNonzeroMagnitude],
        ] {
            let range = ClosedRange.rounded(around: values)
            #expect(range.lowerBound < range.upperBound, "\(values)")
            for value in values where value.isFinite { #expect(range.contains(value)) }
            #expect(Ticks(in: range, count: 5).values.count < 20)
        }
    }

    @Test("A scale maps ends to ends, also downwards, and has no place for what is not a number")
    func scale() {
        let scale = LinearScale(domain: 2...4, start: 100, end: 0)
        #expect([2, 2.5, 4].map { scale($0) } == [100, 75, 0])
        #expect(scale(.nan) == nil && scale(.infinity) == nil)
    }
}
