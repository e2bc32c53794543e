import Metrics

extension Figure {
    /// Risk against coverage, a few methods a panel.
    ///
    /// - Throws: `MetricError` where predictions cannot be scored.
    static func riskCoverage(_ compared: ComparedTask) throws -> Figure {
        let curves = try compared.answers.map(MeanRisk.init)
        let charted = groups.compactMap { group -> (title: String, curves: [MeanRisk])? in
            let found = curves.filter { group.methods.contains($0.method.key) }
            let reference = curves.filter { $0.method.key == ComparisonMethod.reference }
            return found.isEmpty ? nil : (group.title, reference + found)
        }
        let known = Set(ComparisonMethod.all.map(\.key))
        let others = curves.filter { !known.contains($0.method.key) }.inGroups(of: 6)
        let panels = charted + others.map { (title: "Other methods", curves: $0) }
        let heights = panels.flatMap(\.curves).flatMap(\.points).map(\.y)
        let percents = Array(stride(from: 10, through: 100, by: 10))
        return Figure(
            name: compared.name("selective"),
            title: compared.title("Answering only when confident"),
            caption: """
                The share of wrong answers among the surest part of the examples, as the mean over \
                the seeds, from a coverage of 10% up. A model whose confidence ranks its answers \
                well starts low and rises late. The base model is in the table only.
                """,
            panels: panels.map { panel in
                Chart(
                    title: panel.title,
                    x: Axis("coverage (share of examples answered)", 0...1),
                    y: Axis("risk (share of wrong answers)", around: heights + [0]),
                    marks: panel.curves.map { curve in
                        Mark(
                            name: curve.method.shortTitle,
                            shape: .line(curve.points),
                            style: curve.method.style
                        )
                    }
                )
            },
            table: DataTable(
                ["error among the surest"] + percents.map { "\($0)%" },
                curves.map { curve in
                    [curve.method.title] + percents.map { curve.error(atCoverage: $0).text() }
                }
            )
        )
    }

    /// Methods that are compared in one panel, each with `map`.
    private static let groups: [(title: String, methods: [String])] = [
        (
            "Points and ensembles",
            ["mc-dropout", "swa", "ensemble", ComparisonMethod.bar, "ivon-mean"]
        ),
        ("Posteriors", ["laplace-diagonal", "laplace-kfac", "swag", "tfb", "ivon"]),
        ("Posteriors, tuned variance", ComparisonMethod.all.filter(\.isTuned).map(\.key)),
    ]
}

/// The risk of a method at each coverage, as the mean over its seeds.
private struct MeanRisk {
    let method: ComparisonMethod
    private let seeds: [SelectivePrediction]

    init(_ answers: ComparedTask.Answers) throws {
        method = answers.method
        seeds = try answers.seeds.map { try SelectivePrediction($0) }
    }

    func error(atCoverage percent: Int) -> Double {
        seeds.reduce(0) { $0 + 1 - $1.accuracy(atCoverage: percent) } / Double(seeds.count)
    }

    /// The line from a coverage of 10% up, since the noise of the first few examples would set the
    /// axis.
    var points: [Point] {
        let count = seeds.map(\.risks.count).min() ?? 0
        let means = (0..<count).map { place in
            seeds.reduce(0) { $0 + $1.risks[place] } / Double(seeds.count)
        }
        return Figure.points(means).filter { $0.x >= 0.1 }
    }
}
