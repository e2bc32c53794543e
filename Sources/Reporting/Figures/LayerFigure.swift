import RunFiles

extension Figure {
    /// The posterior at the end by layer and projection; nil where the results do not tell layers.
    static func layers(_ run: RunRecord) -> Figure? {
        let layers = run.results?.posterior?.layers ?? []
        guard !layers.isEmpty else { return nil }
        var names: [String] = []
        for layer in layers where !names.contains(layer.projection) {
            names.append(layer.projection)
        }
        let heights = layers.flatMap(\.hessianRatio) + [1]
        let last = Double(layers.compactMap(\.layer).max() ?? 0)
        let panels = names.flatMap { name -> [Chart] in
            let own = layers.filter { $0.projection == name && $0.layer != nil }
            let marks = ["A", "B"].enumerated().flatMap { index, matrix in
                Self.marks(of: own.filter { $0.matrix == matrix }, matrix, colour: index + 1)
            }
            guard !marks.isEmpty else { return [] }
            return [
                Chart(
                    title: name,
                    x: Axis("layer", 0...max(last, 1)),
                    y: Axis("h / h₀: median, 5% to 95%", around: heights),
                    marks: marks
                )
            ]
        }
        return Figure(
            name: "posterior-layers",
            title: "The posterior by layer",
            caption: """
                How far the Hessian estimate of each adapter matrix has moved from its initial \
                value at the end of the run: the line is the median over the matrix, the band \
                reaches from its 5% to its 95% quantile. \(findings(layers))
                """,
            panels: panels,
            table: DataTable(
                ["matrix", "h/h₀ 5%", "50%", "95%", "standard deviation"],
                layers.map { layer in
                    [layer.name] + layer.hessianRatio.map { $0.text(4) }
                        + [layer.standardDeviation.text(6)]
                }
            )
        )
    }

    private static func marks(
        of layers: [LayerHealth],
        _ matrix: String,
        colour: Int
    ) -> [Mark] {
        let quantiles = (0..<3).map { index in
            layers.compactMap { layer in
                layer.layer.map { Point(x: Double($0), y: layer.hessianRatio[index]) }
            }
        }
        guard !quantiles[1].isEmpty else { return [] }
        let style = SeriesStyle(colour: colour, dash: colour - 1)
        let band = Mark(
            name: nil,
            shape: .band(lower: quantiles[0], upper: quantiles[2]),
            style: style
        )
        return (quantiles[1].count > 1 ? [band] : []) + series(matrix, quantiles[1], style)
    }

    private static func findings(_ layers: [LayerHealth]) -> String {
        func distance(_ layer: LayerHealth) -> Double { abs(layer.hessianRatio[1] - 1) }
        guard let most = layers.max(by: { distance($0) < distance($1) }),
            let least = layers.min(by: { distance($0) < distance($1) }), layers.count > 1
        else { return "" }
        return "The median moved most in \(most.name) (to \(most.hessianRatio[1].text())) and "
            + "least in \(least.name) (to \(least.hessianRatio[1].text()))."
    }
}

extension LayerHealth {
    /// The matrix in words, such as "layer 3 q_proj A".
    var name: String { "\(layer.map { "layer \($0) " } ?? "")\(projection) \(matrix)" }
}
