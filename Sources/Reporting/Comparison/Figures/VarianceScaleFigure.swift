import Foundation
import Metrics

extension Figure {
    /// Validation metrics against the variance scale; nil where no method has such a curve.
    static func varianceScale(_ compared: ComparedTask) throws -> Figure? {
        let families = VarianceScaleCurve.all(of: compared)
        let grid = distinct(families.flatMap { $0.seeds.joined().map(\.x) }).sorted()
        guard !grid.isEmpty else { return nil }
        let reference = try ValidationReference(compared)
        let quantities: [(title: String, label: String, metric: ScaledMetric)] = [
            ("Error", "error (share of wrong answers)", .error),
            ("Negative log-likelihood", "NLL (nats)", .nll),
            ("Calibration error", "ECE (10 bins)", .ece),
        ]
        var table = DataTable(
            ["method", "τ"]
                + ["error", "NLL", "ECE"].flatMap { [$0, "standard error"] } + ["chosen by"]
        )
        for family in families {
            table.rows += family.rows
        }
        if let reference {
            table.rows.append(
                [ComparisonMethod.named(ComparisonMethod.reference).title, ""]
                    + quantities.flatMap { [reference[$0.metric].text(4), ""] } + [""]
            )
        }
        return Figure(
            name: compared.name("variance-scale"),
            title: compared.title("How much posterior variance helps, on validation"),
            caption: caption(families, hasReference: reference != nil),
            warnings: infinities(families),
            panels: families.inGroups(of: 5).flatMap { group in
                quantities.map { quantity in
                    panel(
                        quantity.title,
                        quantity.label,
                        group.map { ($0, $0.curve(quantity.metric)) },
                        grid,
                        reference?[quantity.metric]
                    )
                }
            },
            table: table
        )
    }

    private static func caption(
        _ families: [VarianceScaleCurve],
        hasReference: Bool
    ) -> String {
        let hasChoice = families.contains { !$0.chosen.isEmpty }
        return """
            The variance scale τ multiplies the variance of the draws; τ = 0 is the mean of the \
            posterior, τ = 1 the posterior as it was learned or fitted. Lines are means over the \
            seeds, bands their standard error.
            """ + (hasChoice ? " Empty circles are what the tuned variants chose by NLL." : "")
                + (hasReference ? " The flat line is AdamW on the same examples." : "")
    }

    private static func panel(
        _ title: String,
        _ label: String,
        _ curves: [(family: VarianceScaleCurve, curve: SeedCurve)],
        _ grid: [Double],
        _ reference: Double?
    ) -> Chart {
        func place(_ scale: Double) -> Double { Double(grid.firstIndex(of: scale) ?? 0) }
        let end = Double(max(grid.count - 1, 1))
        let heights = curves.flatMap(\.curve.heights) + (reference.map { [$0] } ?? [])
        var y = Axis(label, around: heights)
        // A mean less its standard error may be negative, an error may not.
        if y.range.lowerBound < 0 { y = Axis(label, 0...max(y.range.upperBound, 0.01)) }
        var marks = curves.map(\.curve).marks(place: place)
        if let reference {
            marks.append(
                Mark(
                    name: ComparisonMethod.named(ComparisonMethod.reference).title,
                    shape: .line([Point(x: 0, y: reference), Point(x: end, y: reference)]),
                    style: SeriesStyle(colour: 0, dash: 1)
                )
            )
        }
        if grid.contains(1) {
            let ends = [y.range.lowerBound, y.range.upperBound]
            marks.append(
                Mark(
                    name: "τ = 1",
                    shape: .line(ends.map { Point(x: place(1), y: $0) }),
                    style: SeriesStyle(colour: 0, dash: 2)
                )
            )
        }
        for (family, curve) in curves {
            let chosen = curve.points.filter { family.chosen.keys.contains($0.x) }
            marks.append(
                Mark(
                    name: nil,
                    shape: .rings(chosen.map { Point(x: place($0.x), y: $0.value.mean) }),
                    style: family.method.style
                )
            )
        }
        var x = Axis("variance scale τ (its grid, evenly spaced)", 0...end)
        x.ticks = grid.map { Axis.Tick(value: place($0), label: $0.shortest) }
        return Chart(title: title, x: x, y: y, marks: marks)
    }

    private static func infinities(_ families: [VarianceScaleCurve]) -> [String] {
        let found = families.compactMap { family -> String? in
            let scales = family.curve(.nll).points.filter { $0.value.mean == .infinity }
                .map(\.x.shortest)
            guard !scales.isEmpty else { return nil }
            return "\(family.method.title) (τ = \(scales.joined(separator: ", ")))"
        }
        if found.isEmpty { return [] }
        return [
            "NLL is infinite, and without a place in the chart, where a right answer got "
                + "probability 0: \(found.joined(separator: "; "))."
        ]
    }
}

/// What the panels of the figure measure.
private enum ScaledMetric {
    case error
    case nll
    case ece

    func callAsFunction(_ point: MethodResult.CurvePoint) -> Double {
        switch self {
        case .error: 1 - point.accuracy
        case .nll: point.nll
        case .ece: point.ece
        }
    }
}

/// The curve of a method over variance scales, and which of them its tuned variant chose.
private struct VarianceScaleCurve {
    let method: ComparisonMethod
    let seeds: [[MethodResult.CurvePoint]]
    /// Seeds by the scale that they chose.
    let chosen: [Double: [Int]]

    static func all(of compared: ComparedTask) -> [VarianceScaleCurve] {
        distinct(compared.methods.map(\.family)).compactMap { family in
            let method = ComparisonMethod.named(family)
            let tuned = compared.results(of: ComparisonMethod.named(method.tunedKey))
            // Both variants may carry the curve, which is the same.
            let found = [compared.results(of: method), tuned]
                .map { $0.map(\.varianceScaleCurve).filter { !$0.isEmpty } }
                .first { !$0.isEmpty }
            return found.map { seeds in
                VarianceScaleCurve(
                    method: method,
                    seeds: seeds,
                    chosen: Dictionary(grouping: tuned, by: \.varianceScale)
                        .mapValues { $0.map(\.seed) }
                )
            }
        }
    }

    func curve(_ metric: ScaledMetric) -> SeedCurve {
        SeedCurve(method, seeds, metric.callAsFunction)
    }

    /// The numbers behind the lines.
    var rows: [[String]] {
        let curves = [ScaledMetric.error, .nll, .ece].map(curve)
        return curves[0].points.indices.map { index in
            let scale = curves[0].points[index].x
            let numbers = curves.flatMap { curve -> [String] in
                let value = curve.points[index].value
                return [value.mean.text(4), value.standardError?.text(4) ?? ""]
            }
            let seeds = (chosen[scale] ?? []).map(String.init).joined(separator: ", ")
            return [method.title, scale.shortest] + numbers + [seeds.isEmpty ? "" : "seed \(seeds)"]
        }
    }
}

/// `map` on the validation part, as the mean over its seeds.
private struct ValidationReference {
    private let points: [MethodResult.CurvePoint]

    /// Reads the predictions of the runs; nil where a seed has none.
    init?(_ compared: ComparedTask) throws {
        let key = ComparisonMethod.reference
        let seeds = compared.record.results(of: key, on: compared.task).map(\.seed)
        var points: [MethodResult.CurvePoint] = []
        for seed in seeds {
            let file = try compared.record.file(
                "predictions/validation.jsonl",
                of: key,
                on: compared.task,
                seed: seed
            )
            guard let file else { return nil }
            let metrics = try MetricValues([Prediction](contentsOf: file))
            points.append(
                MethodResult.CurvePoint(
                    x: 0,
                    accuracy: metrics.accuracy,
                    ece: metrics.ece,
                    nll: metrics.nll
                )
            )
        }
        if points.isEmpty { return nil }
        self.points = points
    }

    subscript(metric: ScaledMetric) -> Double {
        points.reduce(0) { $0 + metric($1) } / Double(points.count)
    }
}

extension Double {
    /// The number with as few digits as tell it from others, such as 0, 0.25 and 10.
    var shortest: String {
        guard isFinite else { return text() }
        return String(format: "%g", self)
    }
}
