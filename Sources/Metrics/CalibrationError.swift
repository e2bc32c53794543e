extension Metric {
    /// Expected calibration error over 10 bins, as in the paper.
    public static let ece = calibrationError("ece", "ECE", bins: 10)
    /// Expected calibration error over 15 bins, the other common choice.
    public static let ece15 = calibrationError("ece15", "ECE15", bins: 15)

    /// Expected calibration error over bins of equal width.
    ///
    /// Naeini et al. 2015, Guo et al. 2017 (arXiv 1706.04599): bin k of B holds confidences with
    /// k/B < c <= (k+1)/B; the result is the sum over bins of (share of examples in the bin) ·
    /// |accuracy - mean confidence|.
    private static func calibrationError(
        _ name: String,
        _ title: String,
        bins: Int
    ) -> Metric {
        Metric(name, title, label: "ECE (\(bins) bins)") { scores in
            let bin = scores.confidence.map { equalWidthBin(of: $0, among: bins) }
            // share · |accuracy - confidence| is |sum of (correct - confidence)| / n.
            let gap = zip(scores.correct, scores.confidence).map { $0 - $1 }
            return { counts in
                var sums = [Double](repeating: 0, count: bins)
                var total = 0
                for index in gap.indices {
                    sums[bin[index]] += Double(counts[index]) * gap[index]
                    total += counts[index]
                }
                return sums.reduce(0) { $0 + abs($1) } / Double(total)
            }
        }
    }
}

/// The bin k with k/B < confidence <= (k+1)/B, where edges are the doubles nearest to k/B.
func equalWidthBin(of confidence: Double, among bins: Int) -> Int {
    var bin = min(max(Int(confidence * Double(bins)), 0), bins - 1)
    // The product may be rounded over an edge; the edges themselves decide.
    while bin > 0, confidence <= Double(bin) / Double(bins) { bin -= 1 }
    while bin < bins - 1, confidence > Double(bin + 1) / Double(bins) { bin += 1 }
    return bin
}
