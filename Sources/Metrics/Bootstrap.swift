import Randomness

/// Percentile bootstrap intervals (Efron 1979): the spread of metrics over resampled examples.
struct Bootstrap {
    let resamples: Int
    let seed: UInt64
    /// The share of resamples inside the interval.
    let level = 0.95

    /// One interval for each statistic; every statistic sees the same resamples.
    func intervals(
        exampleCount: Int,
        of statistics: [Metric.Statistic]
    ) -> [(lower: Double, upper: Double)] {
        var values = [[Double]](repeating: [], count: statistics.count)
        forEachResample(exampleCount: exampleCount) { counts in
            for (index, statistic) in statistics.enumerated() {
                values[index].append(statistic(counts))
            }
        }
        return values.map(interval)
    }

    /// Runs `body` with each resample: how often each example is in it.
    func forEachResample(exampleCount: Int, _ body: (_ counts: [Int]) -> Void) {
        var generator = RandomStream.bootstrap.generator(seed: seed)
        for _ in 0..<resamples {
            var counts = [Int](repeating: 0, count: exampleCount)
            for _ in 0..<exampleCount { counts[generator.next(below: exampleCount)] += 1 }
            body(counts)
        }
    }

    /// The interval that leaves out equally many of a statistic's values on both sides.
    ///
    /// Values that are no number have no order: one of them makes both ends no number.
    func interval(of values: [Double]) -> (lower: Double, upper: Double) {
        if values.contains(where: \.isNaN) { return (.nan, .nan) }
        let tail = (1 - level) / 2
        let sorted = values.sorted()
        return (quantile(tail, of: sorted), quantile(1 - tail, of: sorted))
    }
}

/// The quantile of sorted values, interpolated linearly between the two nearest (NumPy's default).
func quantile(_ fraction: Double, of sorted: [Double]) -> Double {
    let place = fraction * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    let weight = place - Double(below)
    // Between equals there is nothing to interpolate, and inf - inf would be NaN.
    if weight == 0 || sorted[below] == sorted[above] { return sorted[below] }
    return sorted[below] + weight * (sorted[above] - sorted[below])
}
