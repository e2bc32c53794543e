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
        var generator = RandomStream.bootstrap.generator(seed: seed)
        var values = [[Double]](repeating: [], count: statistics.count)
        for _ in 0..<resamples {
            var counts = [Int](repeating: 0, count: exampleCount)
            for _ in 0..<exampleCount { counts[generator.next(below: exampleCount)] += 1 }
            for (index, statistic) in statistics.enumerated() {
                values[index].append(statistic(counts))
            }
        }
        let tail = (1 - level) / 2
        return values.map { values in
            let sorted = values.sorted()
            return (quantile(tail, of: sorted), quantile(1 - tail, of: sorted))
        }
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
