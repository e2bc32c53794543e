import Foundation
import JSON
import Metrics

/// The tables of a comparison, for terminals, Markdown, LaTeX and programs.
public struct ComparisonTables: Sendable {
    /// A table with its name and what its marks mean.
    public struct Entry: Sendable {
        /// What the table shows.
        public var title: String
        /// How to read it.
        public var note: String
        /// The numbers.
        public var table: DataTable
    }

    /// The tables of one task, or of the mean over tasks.
    public struct Section: Sendable {
        /// The task, with the number of examples and the seeds.
        public var title: String
        /// Its tables, in order.
        public var entries: [Entry]
    }

    /// One section a task; behind them one a setting that is swept, or else the mean over tasks.
    public let sections: [Section]
    /// The tables for a terminal; an asterisk marks what stands out.
    public var text: String {
        render {
            "\($0.printable)\n" + String(repeating: "=", count: $0.printable.count)
        } _: { entry in
            "\(entry.title.printable)\n\n\(entry.table.text)\n\n"
                + entry.note.printable.wrapped(at: 100)
        }
    }
    /// The tables in Markdown.
    public var markdown: String {
        render {
            "## \($0.inMarkdown)"
        } _: { entry in
            "### \(entry.title.inMarkdown)\n\n\(entry.table.markdown)\n\n\(entry.note.inMarkdown)"
        }
    }
    /// One table in LaTeX, as papers have it, which needs the package `booktabs`.
    ///
    /// Methods stand below each other in a group for each metric, tasks beside each other.
    public let latex: String
    /// Every number of every seed: `task,method,seed,metric,value`.
    public let csv: String

    /// Lays out the tables of a comparison and its summary.
    public init(_ record: ComparisonRecord, _ summary: ComparisonSummary) {
        sections =
            summary.tasks.map(Self.section) + SweptSetting.all(record, summary).map(\.section)
            + (summary.average.isEmpty ? [] : [Self.average(summary)])
        latex = ComparisonLaTeX(summary).text
        csv = ComparisonCSV.text(of: record)
    }

    private func render(
        _ heading: (String) -> String,
        _ entry: (Entry) -> String
    ) -> String {
        sections.map { section in
            ([heading(section.title)] + section.entries.map(entry)).joined(separator: "\n\n")
        }
        .joined(separator: "\n\n\n")
    }

    private static func section(_ task: ComparisonSummary.Task) -> Section {
        let seeds = Set(task.methods.flatMap(\.seeds)).sorted().map(String.init)
        let title =
            "\(task.task): \(task.examples) examples (\(task.split)), seed"
            + (seeds.count > 1 ? "s " : " ") + seeds.joined(separator: ", ")
        let shifts = distinct(task.methods.flatMap { $0.shifts.map(\.task) })
        return Section(
            title: title,
            entries: [quality(task), intervals(task)] + differences(task) + softLabels(task)
                + [selective(task)] + shifts.flatMap { shift(task, $0) } + [cost(task)]
        )
    }

    static let errorNote =
        "Mean over the seeds ± its standard error; the best mean of each column is marked."

    private static func quality(_ task: ComparisonSummary.Task) -> Entry {
        let metrics: [Metric] = [
            .accuracy, .ece, .ece15, .adaptiveECE, .nll, .brier, .aurc,
        ]
        return Entry(
            title: "Quality and calibration",
            note: "\(errorNote) NLL is in nats. Higher is better for ACC, lower for the others.",
            table: table(task.methods.map { ($0.method, $0.metrics) }, metrics)
        )
    }

    private static func intervals(_ task: ComparisonSummary.Task) -> Entry {
        let metrics: [Metric] = [.accuracy, .ece, .nll]
        return Entry(
            title: "95% intervals",
            note: "Bootstrap over the seeds and the examples together, of the mean over the seeds.",
            table: DataTable(
                ["method"] + metrics.map(\.title),
                task.methods.map { method in
                    [ComparisonMethod.named(method.method).title]
                        + metrics.map { method.metrics[$0]?.interval?.text ?? "" }
                }
            )
        )
    }

    /// Nothing where no example has soft labels or levels.
    private static func softLabels(_ task: ComparisonSummary.Task) -> [Entry] {
        let metrics = Metric.ofSomeExamples.filter { metric in
            task.methods.contains { $0.metrics[metric] != nil }
        }
        if metrics.isEmpty { return [] }
        return [
            Entry(
                title: "Soft labels and levels",
                note: "Over the examples that have them. \(errorNote) Lower is better; KL is in "
                    + "nats, from the labels to the answers.",
                table: table(task.methods.map { ($0.method, $0.metrics) }, metrics)
            )
        ]
    }

    private static func selective(_ task: ComparisonSummary.Task) -> Entry {
        Entry(
            title: "Answering only when confident",
            note: "Share of right answers among the surest part, and the largest part of which at "
                + "most 5% are wrong. \(errorNote)",
            table: table(
                task.methods.map { ($0.method, $0.metrics) },
                [.accuracyAt80, .accuracyAt90, .coverageAt5]
            )
        )
    }

    private static func average(_ summary: ComparisonSummary) -> Section {
        Section(
            title: "Mean over \(summary.tasks.count) tasks",
            entries: [
                Entry(
                    title: "Quality and calibration",
                    note: "Mean over tasks, each counting the same. \(errorNote)",
                    table: table(
                        summary.average.map { ($0.method, $0.metrics) },
                        [.accuracy, .ece, .ece15, .adaptiveECE, .nll, .brier, .aurc]
                    )
                )
            ]
        )
    }

    /// Rows of methods, columns of metrics.
    private static func table(
        _ rows: [(method: String, metrics: [Metric: SeedSummary])],
        _ metrics: [Metric]
    ) -> DataTable {
        var table = DataTable(
            ["method"] + metrics.map(\.title),
            rows.map { row in
                [ComparisonMethod.named(row.method).title]
                    + metrics.map { row.metrics[$0]?.text($0.decimals) ?? "" }
            }
        )
        for (index, metric) in metrics.enumerated() {
            table.markBest(
                of: rows.map { $0.metrics[metric]?.mean },
                column: index + 1,
                isHigher: metric.isBetterHigher
            )
        }
        return table
    }

    private static func differences(_ task: ComparisonSummary.Task) -> [Entry] {
        differences(task.methods.map { ($0.method, $0.differences) }, place: "")
    }

    /// Nothing where there is no method beside `map`, or no `map`.
    private static func differences(
        _ rows: [(method: String, differences: [PairedDifference])],
        place: String
    ) -> [Entry] {
        let metrics: [Metric] = [.accuracy, .ece, .nll]
        let compared = rows.filter { !$0.differences.isEmpty }
        if compared.isEmpty { return [] }
        var table = DataTable(["method"] + metrics.map(\.title))
        for (row, method) in compared.enumerated() {
            let found = metrics.map { metric in
                method.differences.first { $0.metric == metric.rawValue }
            }
            table.rows.append(
                [ComparisonMethod.named(method.method).title] + found.map { $0?.text ?? "" }
            )
            for (index, difference) in found.enumerated()
            where difference?.isBetter(metrics[index]) == true {
                table.marks.insert(DataTable.Place(row: row, column: index + 1))
            }
        }
        let reference = ComparisonMethod.named(ComparisonMethod.reference).title
        return [
            Entry(
                title: "Difference to \(reference)\(place)",
                note: "Mean difference over the seeds with its 95% bootstrap interval over the "
                    + "seeds and the examples together, paired by seed and example; marked where "
                    + "the method is better and the interval excludes 0.",
                table: table
            )
        ]
    }

    private static func shift(_ task: ComparisonSummary.Task, _ other: String) -> [Entry] {
        let rows = task.methods.compactMap { method in
            method.shifts.first { $0.task == other }.map { (method: method.method, shift: $0) }
        }
        let examples = rows.map(\.shift.examples).max() ?? 0
        var entries: [Entry] = []
        if rows.contains(where: { !$0.shift.metrics.isEmpty }) {
            entries.append(
                Entry(
                    title: "Answers on \(other), which was not trained on (\(examples) examples)",
                    note: errorNote,
                    table: table(
                        rows.map { ($0.method, $0.shift.metrics) },
                        [.accuracy, .ece, .nll, .brier, .aurc]
                    )
                )
            )
            entries += differences(
                rows.map { ($0.method, $0.shift.differences) },
                place: " on \(other)"
            )
        }
        if rows.contains(where: { !$0.shift.separation.isEmpty }) {
            entries.append(
                Entry(
                    title:
                        "Telling \(other) (\(examples) examples) from \(task.task) by uncertainty",
                    note: "Positives are the examples of \(other). AUROC 0.5 is chance; FPR95 is "
                        + "the share of \(task.task) taken for \(other) where 95% of \(other) is "
                        + "found, lower is better. MI is the mutual information of answer and "
                        + "parameters. \(errorNote)",
                    table: separation(rows)
                )
            )
        }
        return entries
    }

    private static func separation(
        _ rows: [(method: String, shift: ComparisonSummary.Shift)]
    ) -> DataTable {
        func value(
            _ row: (method: String, shift: ComparisonSummary.Shift),
            _ column: (metric: SeparationMetric, score: UncertaintyScore)
        ) -> SeedSummary? {
            row.shift.separation[column.score]?[column.metric]
        }
        let columns = SeparationMetric.allCases.flatMap { metric in
            UncertaintyScore.allCases.map { (metric: metric, score: $0) }
        }
        .filter { column in rows.contains { value($0, column) != nil } }
        var table = DataTable(
            ["method"] + columns.map { "\($0.metric.title), \($0.score.title)" },
            rows.map { row in
                [ComparisonMethod.named(row.method).title]
                    + columns.map { value(row, $0)?.text() ?? "" }
            }
        )
        for (index, column) in columns.enumerated() {
            table.markBest(
                of: rows.map { value($0, column)?.mean },
                column: index + 1,
                isHigher: column.metric.isBetterHigher
            )
        }
        return table
    }

    private static func cost(_ task: ComparisonSummary.Task) -> Entry {
        let costs = CostMetric.allCases.filter { cost in
            task.methods.contains { $0.cost[cost] != nil }
        }
        return Entry(
            title: "Cost",
            note: "Mean over the seeds. Extra seconds pass between training and the first answer; "
                + "what is extra on disk lies beside the adapter; 1 MB is 1,000,000 bytes.",
            table: DataTable(
                ["method"] + costs.map(\.title),
                task.methods.map { method in
                    [ComparisonMethod.named(method.method).title]
                        + costs.map { cost in
                            method.cost[cost].map { cost.text($0.mean) } ?? ""
                        }
                }
            )
        )
    }
}

extension ComparisonTables {
    /// The tables and the summary as the files that stand beside `results.json`.
    ///
    /// - Throws: What ``ComparisonSummary/json()`` throws.
    public func files(_ summary: ComparisonSummary) throws -> [(name: String, text: String)] {
        [
            ("table.txt", text + "\n"), ("table.md", markdown + "\n"), ("table.tex", latex),
            ("table.csv", csv),
            ("summary.json", try summary.json()),
        ]
    }
}

extension DataTable {
    /// Marks the best values of a column, all that are equal to it; nothing where none is finite or
    /// all are the same.
    mutating func markBest(of values: [Double?], column: Int, isHigher: Bool) {
        let found = values.compactMap { $0 }.filter(\.isFinite)
        guard let best = isHigher ? found.max() : found.min(), distinct(values).count > 1 else {
            return
        }
        for (row, value) in values.enumerated() where value == best {
            marks.insert(Place(row: row, column: column))
        }
    }
}

extension SeedSummary {
    /// The mean and its standard error, where there is one.
    func text(_ decimals: Int = 3) -> String {
        mean.text(decimals) + (standardError.map { "±" + $0.fixed(decimals) } ?? "")
    }
}

extension ClosedRange<Double> {
    /// The range in brackets; the space does not break.
    fileprivate var text: String { "[\(lowerBound.text()),\u{A0}\(upperBound.text())]" }
}

extension PairedDifference {
    /// The difference and its interval; the spaces do not break.
    var text: String {
        if value.isNaN { return "undefined" }
        return "\(value.signed()) [\(lower.signed()),\u{A0}\(upper.signed())]"
    }

    /// Whether the method is better and the interval excludes 0.
    func isBetter(_ metric: Metric) -> Bool {
        metric.isBetterHigher ? lower > 0 : upper < 0
    }

    /// Whether the method is worse and the interval excludes 0.
    func isWorse(_ metric: Metric) -> Bool {
        metric.isBetterHigher ? upper < 0 : lower > 0
    }
}

extension Double {
    /// The number with its sign, unless it is rounded to 0.
    func signed(_ decimals: Int = 3) -> String {
        if isNaN { return "undefined" }
        let text = isFinite ? fixed(decimals) : text()
        return (self > 0 && text != 0.0.fixed(decimals) ? "+" : "") + text
    }

    /// The number with exactly `decimals` places, and 0 without a sign where it is rounded to it.
    func fixed(_ decimals: Int) -> String {
        let text = String(format: "%.\(decimals)f", self)
        return text.hasPrefix("-") && text.allSatisfy { "-0.".contains($0) }
            ? String(text.dropFirst()) : text
    }
}
