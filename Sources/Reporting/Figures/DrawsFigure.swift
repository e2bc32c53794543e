import Metrics

extension Figure {
    /// What averaging over draws changes in the answers of the test part; nil without draws.
    ///
    /// - Throws: `MetricError` where the predictions cannot be scored.
    static func draws(_ run: RunRecord) throws -> Figure? {
        let mean = run.test.compactMap(\.atMean)
        guard !mean.isEmpty, mean.count == run.test.count else { return nil }
        let gap = try MeanDrawGap(mean: mean, draws: run.test)
        let columns = gap.histogram
        return Figure(
            name: "draws",
            title: "What the draws change",
            caption: """
                The same \(gap.distances.count) test examples answered at the posterior mean and \
                with probabilities averaged over draws: accuracy \
                \(gap.accuracy.mean.text()) and \(gap.accuracy.draws.text()), NLL \
                \(gap.nll.mean.text()) and \(gap.nll.draws.text()); \(gap.changed) answers differ. \
                The total variation distance of the two distributions over the answers is \
                \(gap.meanDistance.text()) in the mean: half the sum of the differences, 0 where \
                the draws change nothing, 1 where they share no probability.
                """,
            warnings: gap.warnings,
            panels: [
                Chart(
                    title: "Distance of mean and draws by example",
                    x: Axis("total variation distance", 0...(columns.last?.upper ?? 1)),
                    y: Axis("share of the examples", around: [0] + columns.map(\.height)),
                    marks: [
                        Mark(name: nil, shape: .columns(columns), style: SeriesStyle(colour: 1))
                    ]
                )
            ],
            table: DataTable(
                ["", "mean", "draws", "difference"],
                [("accuracy", gap.accuracy), ("NLL (nats)", gap.nll)].map { name, value in
                    [
                        name, value.mean.text(4), value.draws.text(4),
                        (value.draws - value.mean).text(4),
                    ]
                } + [["mean total variation distance", "", "", gap.meanDistance.text(4)]]
            )
        )
    }
}

/// How predictions averaged over draws differ from those at the mean.
struct MeanDrawGap {
    let accuracy: (mean: Double, draws: Double)
    let nll: (mean: Double, draws: Double)
    /// Total variation distance of the two distributions of each example, 0 to 1.
    let distances: [Double]
    /// Examples whose most probable answer is another.
    let changed: Int

    /// Compares the predictions of the same examples in the same order.
    init(mean: [Prediction], draws: [Prediction]) throws {
        accuracy = (try Metric.accuracy(mean), try Metric.accuracy(draws))
        nll = (try Metric.nll(mean), try Metric.nll(draws))
        distances = zip(mean, draws).map { one, other in
            zip(one.probabilities, other.probabilities).reduce(0) { $0 + abs($1.0 - $1.1) } / 2
        }
        changed =
            zip(mean, draws).filter { one, other in
                one.answer != other.answer
            }
            .count
    }

    var meanDistance: Double { distances.reduce(0, +) / Double(distances.count) }

    /// Shares of the examples in up to 20 bins from 0 to the largest distance.
    var histogram: [Mark.Column] {
        let end = max(distances.max() ?? 1, 0.01)
        let width = Ticks(in: 0...end, count: 12).step
        let bins = max(1, Int((end / width).rounded(.up)))
        var counts = [Int](repeating: 0, count: bins)
        for distance in distances { counts[min(bins - 1, Int(distance / width))] += 1 }
        return counts.enumerated().map { index, count in
            Mark.Column(
                lower: Double(index) * width,
                upper: Double(index + 1) * width,
                height: Double(count) / Double(distances.count)
            )
        }
    }

    var warnings: [String] {
        var warnings: [String] = []
        if meanDistance < 0.002 {
            warnings.append(
                """
                The draws hardly change the answers: the posterior's variance is too small to show \
                in predictions, or the variance scale is 0.
                """
            )
        }
        if accuracy.draws < accuracy.mean - 0.05 {
            warnings.append(
                """
                The draws answer worse than the mean: the noise is too large for this model. A \
                smaller variance scale, chosen on the validation part, or a larger ess helps.
                """
            )
        }
        return warnings
    }
}
