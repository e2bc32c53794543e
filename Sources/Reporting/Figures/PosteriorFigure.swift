import RunFiles

extension Figure {
    /// How the posterior changed while it was learned; nil for methods without one.
    static func posterior(_ run: RunRecord) -> Figure? {
        let records = records(of: run)
        guard !records.isEmpty else { return nil }
        func points(_ value: (PosteriorHealth) -> Double?) -> [Point] {
            records.compactMap { step, health in
                value(health).map { Point(x: step, y: $0) }
            }
        }
        let quantiles = (0..<3).map { index in points { $0.hessianRatio[index] } }
        let clipped = points(\.clippedShare)
        let deviation = points(\.standardDeviation)
        let steps = Axis(stepLabel, upTo: records.map(\.step))
        var panels = [
            Chart(
                title: "Hessian against its initial value",
                x: steps,
                y: Axis("h / h₀ (ratio)", around: quantiles.flatMap { $0.map(\.y) } + [1]),
                marks: [
                    Mark(
                        name: "5% to 95% of the parameters",
                        shape: .band(lower: quantiles[0], upper: quantiles[2]),
                        style: SeriesStyle(colour: 1)
                    )
                ] + series("median", quantiles[1], SeriesStyle(colour: 1))
            ),
            Chart(
                title: "Standard deviation of the posterior",
                x: steps,
                y: Axis("mean over the parameters", around: deviation.map(\.y) + [0]),
                marks: series("", deviation, SeriesStyle(colour: 1)).map(\.unnamed)
            ),
        ]
        if !clipped.isEmpty {
            panels.append(
                Chart(
                    title: "Updates bounded by the clip radius",
                    x: steps,
                    y: Axis("share of the updates", 0...1),
                    marks: series("", clipped, SeriesStyle(colour: 1)).map(\.unnamed)
                )
            )
        }
        return Figure(
            name: "posterior",
            title: "Health of the posterior",
            caption: """
                IVON learns a variance for each parameter from its Hessian estimate h, which \
                starts at h₀ (hess-init); the larger h, the smaller the variance.
                """,
            warnings: warnings(records.last?.health, clipped.last?.y),
            panels: panels,
            table: DataTable(
                ["step", "h/h₀ 5%", "50%", "95%", "standard deviation", "clipped share"],
                records.map { step, health in
                    [step.text(0)] + health.hessianRatio.map { $0.text(4) }
                        + [health.standardDeviation.text(6), health.clippedShare?.text() ?? ""]
                }
            )
        )
    }

    /// The posterior at the lines of the history, and at the end where they stop before it.
    private static func records(
        of run: RunRecord
    ) -> [(step: Double, health: PosteriorHealth)] {
        let lines = run.history.compactMap { line in
            line.posterior.map { (step: Double(line.step), health: $0) }
        }
        guard let results = run.results, let end = results.posterior,
            lines.last?.step != Double(results.steps)
        else { return lines }
        return lines + [(Double(results.steps), end)]
    }

    /// What is remarkable about the posterior at the end, in plain words.
    static func warnings(_ health: PosteriorHealth?, _ clippedShare: Double?) -> [String] {
        var warnings: [String] = []
        if let ratio = health?.hessianRatio, ratio[0] >= 0.9, ratio[2] <= 1.1 {
            warnings.append(
                """
                The posterior has hardly moved from its initial value: h/h₀ is between \
                \(ratio[0].text()) and \(ratio[2].text()) for 90% of the parameters. It is almost \
                isotropic, so the draws add about the same noise to every parameter; how much was \
                set before the training and was hardly learned from the data.
                """
            )
        }
        if let clippedShare, clippedShare > 0.5 {
            warnings.append(
                """
                The clip radius bounded \((clippedShare * 100).text(1))% of the updates at the \
                end: the steps had nearly the same size for every parameter, whatever its Hessian.
                """
            )
        }
        return warnings
    }
}

extension Mark {
    /// The mark without a place in the legend.
    fileprivate var unnamed: Mark { Mark(name: nil, shape: shape, style: style) }
}
