import Metrics

extension Figure {
    /// Risk against coverage on the test part; nil without one.
    ///
    /// - Throws: `MetricError` where the predictions cannot be scored.
    static func selective(_ run: RunRecord) throws -> Figure? {
        guard !run.test.isEmpty else { return nil }
        let curves = try PredictionSets(run).all.map { answers in
            (answers: answers, curve: try SelectivePrediction(answers.predictions))
        }
        let percents = Array(stride(from: 10, through: 100, by: 10))
        var table = DataTable(["most confident"] + curves.map { "error, \($0.answers.name)" })
        for percent in percents {
            table.rows.append(
                ["\(percent)%"]
                    + curves.map { (1 - $0.curve.accuracy(atCoverage: percent)).text() }
            )
        }
        table.rows.append(["AURC"] + curves.map { $0.curve.areaUnderCurve.text(4) })
        let lines = curves.map { answers, curve in
            Mark(
                name: "\(answers.name), AURC \(curve.areaUnderCurve.text(4))",
                shape: .line(points(curve.risks)),
                style: answers.style
            )
        }
        let policy = try PolicyMarks(run)
        let heights = curves.flatMap(\.curve.risks) + policy.heights
        let findings = curves.map { answers, curve in
            let (most, more) = (
                (curve.accuracy(atCoverage: 80) * 100).text(1),
                (curve.accuracy(atCoverage: 90) * 100).text(1)
            )
            return "\(answers.name): \(most)% right among the surest 80% of the examples, "
                + "\(more)% among the surest 90%"
        }
        return Figure(
            name: "selective",
            title: "Answering only when confident",
            caption: """
                The share of wrong answers among the most confident part of the examples. A model \
                whose confidence ranks its answers well starts low and rises late. \
                \(findings.map(\.capitalisedFirst).joined(separator: ". ")). AURC is the \
                mean height of the curve.\(policy.text)
                """,
            warnings: policy.warnings,
            panels: [
                Chart(
                    title: "Risk and coverage",
                    x: Axis("coverage (share of examples answered)", 0...1),
                    y: Axis("risk (share of wrong answers)", around: heights + [0]),
                    marks: lines + policy.marks
                )
            ],
            table: table
        )
    }

    /// At most some 400 points of a curve, the last among them.
    static func points(_ risks: [Double]) -> [Point] {
        let distance = risks.count / 400 + 1
        let count = Double(risks.count)
        return risks.indices.reversed().filter { (risks.count - 1 - $0) % distance == 0 }
            .reversed().map { Point(x: Double($0 + 1) / count, y: risks[$0]) }
    }
}
