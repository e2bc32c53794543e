import Metrics
import RunFiles

extension Figure {
    /// Metrics against the number of draws that are averaged, as figure 5 of arXiv 2411.04421; nil
    /// where nothing was measured over more than one.
    static func drawCurve(_ run: RunRecord) -> Figure? {
        let parts = [
            (name: "test", points: run.results?.test?.drawCurve ?? []),
            (
                name: (run.curves?.split ?? .validation).rawValue,
                points: run.curves?.drawCurve ?? run.results?.validation.drawCurve ?? []
            ),
        ]
        let curves = parts.enumerated().filter { $1.points.count > 1 }.map { index, part in
            Curve(
                name: part.name,
                points: part.points.map { (x: Double($0.draws), metrics: $0) },
                mean: index == 0 ? run.results?.test?.mean : nil,
                style: SeriesStyle(colour: index + 1, dash: index)
            )
        }
        guard !curves.isEmpty else { return nil }
        let findings = curves.compactMap { curve -> String? in
            guard let first = curve.points.first, let last = curve.points.last else { return nil }
            return "\(curve.name.capitalisedFirst): from 1 to \(last.metrics.draws) draws the NLL "
                + "goes from \(first.metrics.nll.text()) to \(last.metrics.nll.text()), the ECE "
                + "from \(first.metrics.ece.text()) to \(last.metrics.ece.text())."
        }
        return Figure(
            name: "draw-curve",
            title: "How many draws are needed",
            caption: """
                Metrics of probabilities averaged over the first draws; a dotted line is the \
                posterior mean. \(findings.joined(separator: " "))
                """,
            panels: panels(curves, "number of draws", starting: 1),
            table: table("draws", curves) { $0.draws.description }
        )
    }

    /// Metrics against the scale of the posterior's variance, as figure 1 of arXiv 2411.04421; nil
    /// where `curves.json` does not tell.
    static func varianceScale(_ run: RunRecord) -> Figure? {
        guard let curves = run.curves, curves.varianceScaleCurve.count > 1,
            let best = curves.varianceScaleCurve.min(by: { $0.nll < $1.nll })
        else { return nil }
        let mean = curves.varianceScaleCurve.first { $0.varianceScale == 0 }
        let curve = Curve(
            name: curves.split.rawValue,
            points: curves.varianceScaleCurve.map { (x: $0.varianceScale, metrics: $0) },
            mean: nil,
            style: SeriesStyle(colour: 1)
        )
        let finding =
            "The NLL is lowest at τ = \(best.varianceScale.text(2)), \(best.nll.text())"
            + (mean.map { "; at the mean it is \($0.nll.text())." } ?? ".")
        return Figure(
            name: "variance-scale",
            title: "How much variance helps",
            caption: """
                Metrics of \(curves.draws) draws on the \(curves.split.rawValue) part when the \
                posterior's variance is multiplied by τ; 0 is the mean, 1 the posterior as it was \
                learned. \(finding)
                """,
            panels: panels([curve], "variance scale τ", starting: 0),
            table: table("variance scale", [curve]) { $0.varianceScale.text(2) }
        )
    }

    /// A curve of metrics.
    private struct Curve {
        let name: String
        let points: [(x: Double, metrics: CurvePoint)]
        /// The metrics at the posterior mean, for a line of their own.
        let mean: MetricSummary?
        let style: SeriesStyle
    }

    private static func panels(
        _ curves: [Curve],
        _ label: String,
        starting start: Double
    ) -> [Chart] {
        let rows: [(String, String, (CurvePoint) -> Double, (MetricSummary) -> Double)] = [
            ("Error", "share of wrong answers", { 1 - $0.accuracy }, { 1 - $0.accuracy.value }),
            ("NLL", "nats", \.nll, \.nll.value),
            ("Calibration error", "ECE, 10 bins", \.ece, \.ece.value),
        ]
        let places = curves.flatMap(\.points).map(\.x).filter { abs($0) < 1e300 }
        let end = max(places.max() ?? 1, start + 1)
        return rows.map { title, unit, value, meanValue in
            var marks: [Mark] = []
            var heights: [Double] = []
            for curve in curves {
                let points = curve.points.map { Point(x: $0.x, y: value($0.metrics)) }
                marks += series(curve.name, points, curve.style)
                heights += points.map(\.y)
                guard let mean = curve.mean.map(meanValue) else { continue }
                heights.append(mean)
                marks.append(
                    Mark(
                        name: "\(curve.name), mean",
                        shape: .line([Point(x: start, y: mean), Point(x: end, y: mean)]),
                        style: SeriesStyle(colour: curve.style.colour, dash: 2)
                    )
                )
            }
            return Chart(
                title: title,
                x: Axis(label, start...end),
                y: Axis(unit, around: heights),
                marks: marks
            )
        }
    }

    private static func table(
        _ name: String,
        _ curves: [Curve],
        _ label: (CurvePoint) -> String
    ) -> DataTable {
        DataTable(
            [name, "part", "accuracy", "NLL", "ECE"],
            curves.flatMap { curve in
                curve.points.map { _, metrics in
                    [
                        label(metrics), curve.name, metrics.accuracy.text(4),
                        metrics.nll.text(4), metrics.ece.text(4),
                    ]
                }
            }
        )
    }
}
