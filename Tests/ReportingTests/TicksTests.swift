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

    @Test("An axis around most values is cut where one lies far beyond them, and says so")
    func cutAxis() {
        func axis(_ values: [Double]) -> Axis { Axis("NLL", aroundMost: values) }
        let cut = axis([0.35, 3.72, 0.4, 0.69, .infinity])
        #expect(cut.isCut && (0.69..<0.71).contains(cut.range.upperBound))
        #expect(!axis([0.35, 1.05, 0.4]).isCut && axis([0.35, 1.05, 0.4]).range.contains(1.05))
        for values in [[], [.nan], [0, 0, 1], [-3, -1, 5]] { #expect(!axis(values).isCut) }

        let line = Mark(
            name: nil,
            shape: .line([Point(x: 0, y: 0.4), Point(x: 1, y: 3.72)]),
            style: SeriesStyle(colour: 1)
        )
        func chart(_ y: Axis) -> Chart {
            Chart(title: "NLL", x: Axis("labels", 0...1), y: y, marks: [line])
        }
        #expect(chart(cut).svg.contains(">↑ NLL, cut off<"))
        #expect(chart(cut).svg.components(separatedBy: "<svg").count == 3)
        let whole = chart(Axis("NLL", around: [0.4, 3.72]))
        #expect(whole.svg.contains(">↑ NLL<"))
        #expect(whole.svg.components(separatedBy: "<svg").count == 2)
    }

    @Test("A scale maps ends to ends, also downwards, and has no place for what is not a number")
    func scale() {
        let scale = LinearScale(domain: 2...4, start: 100, end: 0)
        #expect([2, 2.5, 4].map { scale($0) } == [100, 75, 0])
        #expect(scale(.nan) == nil && scale(.infinity) == nil)
    }
}
