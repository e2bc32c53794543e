import Metrics
import RunFiles

/// The tasks of a comparison that differ in one setting alone, by its value.
struct SweptSetting {
    /// What the tasks are called alike.
    let task: String
    /// The setting.
    let key: String
    /// Other settings that differ within the comparison, as they are here.
    let others: [String: Double]
    /// The tasks by the setting's value, rising.
    let points: [(value: Double, task: ComparisonSummary.Task)]

    /// The metrics that are shown.
    static let metrics: [Metric] = [.accuracy, .nll, .ece15, .aurc, .coverageAt5]

    /// Every setting of which a comparison has several values, with all else alike.
    static func all(_ record: ComparisonRecord, _ summary: ComparisonSummary) -> [SweptSetting] {
        let places = summary.tasks.compactMap { task in
            record.results.first { $0.task == task.task }?.sweep.map { (place: $0, task: task) }
        }
        return distinct(places.map(\.place.task)).flatMap { name -> [SweptSetting] in
            let own = places.filter { $0.place.task == name }
            let keys = distinct(own.flatMap(\.place.values.keys)).sorted()
            return keys.flatMap { key -> [SweptSetting] in
                func others(_ place: SweepPlace) -> [String: Double] {
                    place.values.filter { $0.key != key }
                }
                return distinct(own.map { others($0.place) }).compactMap { rest in
                    let points = own.filter { others($0.place) == rest }.compactMap { found in
                        found.place.values[key].map { (value: $0, task: found.task) }
                    }
                    guard points.count > 1 else { return nil }
                    return SweptSetting(
                        task: name,
                        key: key,
                        others: rest,
                        points: points.sorted { $0.value < $1.value }
                    )
                }
            }
        }
    }

    /// The setting with the task, and the other settings where there are some.
    var title: String {
        let rest = others.sorted { $0.key < $1.key }.map { ", \($0.key) \($0.value.shortest)" }
        return "\(task) by \(key)\(rest.joined())"
    }

    /// The methods of any of the tasks, in the order of tables.
    var methods: [ComparisonMethod] {
        ComparisonMethod.sorted(points.flatMap { $0.task.methods.map(\.method) })
            .map(ComparisonMethod.named)
    }

    /// A metric of a method at each value; nil where the method was not run.
    func values(_ metric: Metric, of method: ComparisonMethod) -> [SeedSummary?] {
        points.map { $0.task.method(method.key)?.metrics[metric] }
    }
}

extension SweptSetting {
    /// A table a metric: methods below each other, values of the setting side by side.
    var section: ComparisonTables.Section {
        let first = points.first?.task
        return ComparisonTables.Section(
            title: title,
            entries: Self.metrics.map { metric in
                let rows = methods.map { (method: $0, values: values(metric, of: $0)) }
                var table = DataTable(
                    ["method"] + points.map { "\(key) \($0.value.shortest)" },
                    rows.map { row in
                        [row.method.title] + row.values.map { $0?.text(metric.decimals) ?? "" }
                    }
                )
                for column in points.indices {
                    table.markBest(
                        of: rows.map { $0.values[column]?.mean },
                        column: column + 1,
                        isHigher: metric.isBetterHigher
                    )
                }
                return ComparisonTables.Entry(
                    title: metric.label,
                    note: "\(ComparisonTables.errorNote) \(first?.examples ?? 0) examples "
                        + "(\(first?.split ?? "")).",
                    table: table
                )
            }
        )
    }

    /// Each metric against the setting, one line a method.
    func figure(_ number: Int) -> Figure {
        var table = DataTable(
            ["method", key] + Self.metrics.flatMap { [$0.title, "standard error"] }
        )
        for method in methods {
            for (index, point) in points.enumerated() {
                let found = Self.metrics.map { values($0, of: method)[index] }
                guard found.contains(where: { $0 != nil }) else { continue }
                table.rows.append(
                    [method.title, point.value.shortest]
                        + found.flatMap {
                            [$0?.mean.text(4) ?? "", $0?.standardError?.text(4) ?? ""]
                        }
                )
            }
        }
        return Figure(
            name: "sweep-\(number)",
            title: title,
            caption: """
                Means over the seeds on the \(points.first?.task.split ?? "") part; bands are \
                their standard error. Values of \(key) are evenly spaced. Where a panel is cut \
                off, the table has what lies beyond.
                """,
            panels: methods.inGroups(of: 6).flatMap { group in
                Self.metrics.map { panel($0, group) }
            },
            table: table
        )
    }

    private func panel(_ metric: Metric, _ methods: [ComparisonMethod]) -> Chart {
        let lines = methods.map { method in
            let values = values(metric, of: method).enumerated()
            return SeedCurve(
                method,
                points: values.compactMap { place, value in
                    value.map { (x: Double(place), value: $0) }
                }
            )
        }
        var x = Axis(key, 0...Double(points.count - 1))
        x.ticks = points.enumerated().map {
            Axis.Tick(value: Double($0), label: $1.value.shortest)
        }
        let heights = lines.flatMap(\.heights)
        return Chart(
            title: metric.label,
            x: x,
            y: metric.isBetterHigher
                ? Axis(metric.title, around: heights) : Axis(metric.title, aroundMost: heights),
            marks: lines.marks()
        )
    }
}
