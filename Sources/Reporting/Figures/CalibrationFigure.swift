import Metrics

extension Figure {
    /// Reliability diagrams of the test part; nil without one.
    ///
    /// - Throws: `MetricError` where the predictions cannot be scored.
    static func calibration(_ run: RunRecord) throws -> Figure? {
        guard !run.test.isEmpty else { return nil }
        let sets = try PredictionSets(run).all.map { answers in
            (name: answers.name, bins: try CalibrationBin.bins(of: answers.predictions))
        }
        // Empty bins below every confidence are left out, in all panels alike.
        let first = sets.flatMap(\.bins).filter { $0.count > 0 }.map(\.lower).min() ?? 0
        var table = DataTable(
            ["answers of", "confidence", "examples", "accuracy", "mean confidence", "share of ECE"]
        )
        for (name, bins) in sets {
            for bin in bins where bin.count > 0 {
                table.rows.append([
                    name, "\(bin.lower.text(1))–\(bin.upper.text(1))", "\(bin.count)",
                    bin.accuracy?.text() ?? "", bin.confidence?.text() ?? "",
                    bin.gap(among: run.test.count).text(4),
                ])
            }
        }
        return Figure(
            name: "calibration",
            title: "Calibration on the test part",
            caption: """
                Examples are put in bins by the probability of the answer given. In a calibrated \
                model each column reaches the stroke of its mean confidence; a stroke above the \
                column is overconfidence. Thin lines are 95% intervals of the accuracy (Wilson). \
                ECE is the mean gap between column and stroke, weighted by the counts.
                """,
            panels: sets.map { name, bins in
                let count = bins.reduce(0) { $0 + $1.count }
                return reliability(
                    "\(name.capitalisedFirst): ECE \(bins.error.text()), \(count) examples",
                    bins,
                    from: first
                )
            },
            table: table
        )
    }

    /// A reliability diagram over the confidences from `first` up.
    static func reliability(
        _ title: String,
        _ bins: [CalibrationBin],
        from first: Double
    ) -> Chart {
        let found = bins.filter { $0.count > 0 && $0.lower >= first }
        func columns(_ height: (CalibrationBin) -> Double?) -> [Mark.Column] {
            found.compactMap { bin in
                height(bin).map { Mark.Column(lower: bin.lower, upper: bin.upper, height: $0) }
            }
        }
        let intervals = found.compactMap { bin in
            bin.accuracy.map {
                (x: (bin.lower + bin.upper) / 2, range: wilson(share: $0, of: bin.count))
            }
        }
        return Chart(
            title: title,
            x: Axis("confidence (probability of the answer)", first...1),
            y: Axis("accuracy (share of right answers)", 0...1),
            marks: [
                Mark(
                    name: "accuracy",
                    shape: .columns(columns(\.accuracy)),
                    style: SeriesStyle(colour: 1)
                ),
                Mark(name: nil, shape: .intervals(intervals), style: SeriesStyle(colour: 0)),
                Mark(
                    name: "mean confidence",
                    shape: .levels(columns(\.confidence)),
                    style: SeriesStyle(colour: 2)
                ),
                Mark(
                    name: "calibrated",
                    shape: .line([Point(x: first, y: first), Point(x: 1, y: 1)]),
                    style: SeriesStyle(colour: 0, dash: 2)
                ),
            ],
            counts: columns { Double($0.count) }
        )
    }
}

extension CalibrationBin {
    /// What the bin adds to the calibration error of `total` examples.
    func gap(among total: Int) -> Double {
        guard let accuracy, let confidence else { return 0 }
        return Double(count) / Double(total) * abs(accuracy - confidence)
    }
}

extension [CalibrationBin] {
    /// The calibration error that the bins add up to.
    var error: Double {
        let total = reduce(0) { $0 + $1.count }
        return reduce(0) { $0 + $1.gap(among: total) }
    }
}

/// The 95% interval of a share found in `count` examples (Wilson 1927).
func wilson(share: Double, of count: Int) -> ClosedRange<Double> {
    let (z, n) = (1.959963984540054, Double(count))
    let middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    let half =
        z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
    return max(0, middle - half)...min(1, middle + half)
}

extension String {
    /// The text with its first letter as a capital.
    var capitalisedFirst: String { prefix(1).uppercased() + dropFirst() }
}
