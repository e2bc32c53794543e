import Foundation

/// Round numbers along an axis: multiples of 1, 2 or 5 times a power of ten.
struct Ticks: Equatable {
    /// The ticks, rising.
    let values: [Double]
    /// Distance between them.
    let step: Double

    /// About `count` ticks inside `range`; both ends of the range are finite.
    init(in range: ClosedRange<Double>, count: Int) {
        let span = range.upperBound - range.lowerBound
        let rough = span / Double(max(count, 1))
        guard rough > 0, rough.isFinite else {
            (values, step) = ([range.lowerBound], 1)
            return
        }
        let power = pow(10, floor(log10(rough)))
        let factor = [1, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10
        let step = factor * power
        // A little slack, so that an end that is a tick stays one when it is rounded.
        let first = (range.lowerBound / step - 1e-6).rounded(.up)
        let last = (range.upperBound / step + 1e-6).rounded(.down)
        // 0 + x, as the negative zero would be written with its sign.
        values = stride(from: first, through: last, by: 1).map { 0 + $0 * step }
        self.step = step
    }

    /// The tick as text, with the decimals that tell neighbours apart.
    func label(_ value: Double) -> String {
        let largest = values.map(abs).max() ?? 0
        if largest >= 1e6 || (largest > 0 && step < 1e-5) {
            return String(format: "%.3g", value)
        }
        let decimals = step >= 1 ? 0 : Int((-log10(step) - 1e-6).rounded(.up))
        return String(format: "%.\(decimals)f", value)
    }
}

extension ClosedRange<Double> {
    /// The range that holds all `values` and ends on round numbers.
    ///
    /// Values that are not finite, or too large to compute with, are left out. A single value gets
    /// room on both sides; without any the range is 0...1.
    static func rounded(around values: [Double]) -> ClosedRange<Double> {
        let finite = values.filter { abs($0) < 1e300 }
        guard let low = finite.min(), let high = finite.max() else { return 0...1 }
        if low == high {
            let room = abs(low) < 1e-300 ? 1 : abs(low) * 0.1
            return rounded(around: [low - room, high + room])
        }
        let step = Ticks(in: low...high, count: 4).step
        let (start, end) = ((low / step).rounded(.down) * step, (high / step).rounded(.up) * step)
        // Values closer together than doubles resolve would leave no room.
        return start < end ? start...end : low...high
    }
}

/// Maps a range of values to a range of pixels; the pixels may fall.
struct LinearScale {
    let domain: ClosedRange<Double>
    let start: Double
    let end: Double

    /// The pixel of a value; nil where there is none.
    func callAsFunction(_ value: Double) -> Double? {
        guard value.isFinite else { return nil }
        let share = (value - domain.lowerBound) / (domain.upperBound - domain.lowerBound)
        let pixel = start + share * (end - start)
        return pixel.isFinite ? pixel : nil
    }
}
