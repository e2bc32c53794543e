extension Metric {
    /// Calibration error over 15 bins with equally many examples, of the most probable answer.
    ///
    /// Nguyen and O'Connor 2015 (arXiv 1508.05154); Nixon et al. 2019 (arXiv 1904.01685) average
    /// such an error over all classes, here only the top answer counts, as in ``ece``.
    /// The n examples are sorted by confidence, equals with wrong answers first, so that the order
    /// in the file does not matter. Bin k of B holds places ⌊kn/B⌋ ..< ⌊(k+1)n/B⌋, so
    /// sizes differ by at most one; with fewer examples than bins each has its own. The result is
    /// the sum over bins of (share of examples in the bin) · |accuracy - mean confidence|.
    public static let adaptiveECE = Metric(
        "adaptive_ece",
        "adaptive ECE",
        label: "ECE (adaptive)"
    ) { scores in
        let bins = 15
        let order = scores.confidence.indices.sorted {
            (scores.confidence[$0], scores.correct[$0]) < (
                scores.confidence[$1], scores.correct[$1]
            )
        }
        let gap = order.map { scores.correct[$0] - scores.confidence[$0] }
        return { counts in
            let total = counts.reduce(0, +)
            var error = 0.0
            var bin = 0
            var place = 0
            var sum = 0.0
            for (index, example) in order.enumerated() {
                var left = counts[example]
                while left > 0 {
                    let end = (bin + 1) * total / bins
                    let taken = min(left, end - place)
                    sum += Double(taken) * gap[index]
                    place += taken
                    left -= taken
                    if place == end {
                        error += abs(sum)
                        sum = 0
                        bin += 1
                    }
                }
            }
            return error / Double(total)
        }
    }
}
