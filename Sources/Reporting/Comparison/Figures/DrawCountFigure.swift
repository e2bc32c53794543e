import Metrics

extension Figure {
    /// Test metrics against the number of draws; nil where no method has such a curve.
    static func drawCount(_ compared: ComparedTask) -> Figure? {
        let drawing = DrawingMethod.all(of: compared)
        guard !drawing.isEmpty else { return nil }
        let groups = [false, true].flatMap { isTuned in
            drawing.filter { $0.method.isTuned == isTuned }.inGroups(of: 6)
        }
        var table = DataTable(
            ["method", "draws"] + ["accuracy", "ECE", "NLL"].flatMap { [$0, "standard error"] }
        )
        for method in drawing {
            let curves = DrawingMethod.quantities.map { method.curve($0.value) }
            for index in curves[0].points.indices {
                let numbers = curves.flatMap { curve -> [String] in
                    let value = curve.points[index].value
                    return [value.mean.text(4), value.standardError?.text(4) ?? ""]
                }
                let draws = curves[0].points[index].x.text(0)
                table.rows.append([method.method.title, draws] + numbers)
            }
        }
        return Figure(
            name: compared.name("draws"),
            title: compared.title("How many draws are enough"),
            caption: """
                Test metrics of the average over the first draws. Lines are means over the seeds, \
                bands their standard error. An answer costs a forward pass a draw.
                """,
            panels: groups.flatMap { group in DrawingMethod.quantities.map { panel($0, group) } },
            table: table
        )
    }

    private static func panel(
        _ quantity: DrawingMethod.Quantity,
        _ methods: [DrawingMethod]
    ) -> Chart {
        let curves = methods.map { $0.curve(quantity.value) }
        let last = curves.flatMap(\.points).map(\.x).max() ?? 2
        let isTuned = methods.allSatisfy(\.method.isTuned)
        var x = Axis("number of draws", 1...max(last, 2))
        if last <= 20 {
            x.ticks = stride(from: 1, through: last, by: 1).map {
                Axis.Tick(value: $0, label: $0.text(0))
            }
        }
        return Chart(
            title: quantity.title + (isTuned ? ", tuned variance" : ""),
            x: x,
            y: Axis(quantity.label, around: curves.flatMap(\.heights)),
            marks: curves.marks()
        )
    }
}

/// A method with metrics over its first draws.
private struct DrawingMethod {
    struct Quantity {
        let title: String
        let label: String
        let value: (MethodResult.CurvePoint) -> Double
    }

    static var quantities: [Quantity] {
        [
            Quantity(
                title: "Accuracy",
                label: "accuracy (share of right answers)",
                value: \.accuracy
            ),
            Quantity(title: "Calibration error", label: "ECE (10 bins)", value: \.ece),
            Quantity(title: "Negative log-likelihood", label: "NLL (nats)", value: \.nll),
        ]
    }

    let method: ComparisonMethod
    let seeds: [[MethodResult.CurvePoint]]

    static func all(of compared: ComparedTask) -> [DrawingMethod] {
        compared.methods.compactMap { method in
            let seeds = compared.results(of: method).map(\.drawCurve).filter { !$0.isEmpty }
            return seeds.isEmpty ? nil : DrawingMethod(method: method, seeds: seeds)
        }
    }

    func curve(_ value: (MethodResult.CurvePoint) -> Double) -> SeedCurve {
        SeedCurve(method, seeds, value)
    }
}
