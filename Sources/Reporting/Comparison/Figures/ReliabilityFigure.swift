import Metrics

extension Figure {
    /// Reliability diagrams, one a method, over the predictions of all seeds.
    ///
    /// - Throws: `MetricError` where predictions cannot be scored.
    static func reliability(_ compared: ComparedTask) throws -> Figure {
        let sets = try compared.answers.map { answers in
            let pooled = Array(answers.seeds.joined())
            return (
                method: answers.method, count: pooled.count,
                bins: try CalibrationBin.bins(of: pooled)
            )
        }
        // Empty bins below every confidence are left out, in all panels alike.
        let first = sets.flatMap(\.bins).filter { $0.count > 0 }.map(\.lower).min() ?? 0
        var table = DataTable(
            ["method", "confidence", "examples", "accuracy", "mean confidence", "share of ECE"]
        )
        for set in sets {
            for bin in set.bins where bin.count > 0 {
                table.rows.append([
                    set.method.title, "\(bin.lower.text(1))–\(bin.upper.text(1))", "\(bin.count)",
                    bin.accuracy?.text() ?? "", bin.confidence?.text() ?? "",
                    bin.gap(among: set.count).text(4),
                ])
            }
        }
        return Figure(
            name: compared.name("calibration"),
            title: compared.title("Calibration of each method"),
            caption: """
                The answers of all seeds together, in bins by the probability of the answer given. \
                In a calibrated model each column reaches the stroke of its mean confidence; a \
                stroke above the column is overconfidence. Thin lines are 95% intervals of the \
                accuracy (Wilson); they take the answers of the seeds for independent and so are \
                too short. The ECE here is that of all answers together, which is not the mean \
                over the seeds in the table.
                """,
            panels: sets.map { set in
                reliability(
                    "\(set.method.shortTitle.capitalisedFirst): ECE \(set.bins.error.text())",
                    set.bins,
                    from: first
                )
            },
            table: table
        )
    }
}
