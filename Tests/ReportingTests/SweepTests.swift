import Metrics
import RunFiles
import Testing

@testable import Reporting

@Suite("Settings that a comparison sweeps")
struct SweepTests {
    /// Two tasks at three numbers of labels, and one of them at another number of steps.
    private static let places = [
        "films-64": SweepPlace(task: "films", values: ["labels": 64, "steps": 100]),
        "films-16": SweepPlace(task: "films", values: ["labels": 16, "steps": 100]),
        "films-256": SweepPlace(task: "films", values: ["labels": 256, "steps": 100]),
        "films-16-long": SweepPlace(task: "films", values: ["labels": 16, "steps": 400]),
    ]

    private func withSweep(_ body: (ComparisonRecord, WrittenRun) throws -> Void) throws {
        try withRun { run in
            let made = MadeComparison(
                tasks: ["films-64", "films-16", "films-256", "films-16-long"],
                places: Self.places,
                methods: ["map", "temperature", "ivon"],
                seeds: [1, 2],
                examples: 12
            )
            try made.write(to: run)
            try body(run.comparison(), run)
        }
    }

    @Test("Tasks that differ in one setting alone stand by its value")
    func groups() throws {
        try withSweep { record, _ in
            let summary = try ComparisonSummary(record, resamples: 10)
            #expect(summary.average.isEmpty)
            let swept = SweptSetting.all(record, summary)
            #expect(
                swept.map(\.title) == ["films by labels, steps 100", "films by steps, labels 16"]
            )
            #expect(swept[0].points.map(\.value) == [16, 64, 256])
            #expect(swept[0].points.map(\.task.task) == ["films-16", "films-64", "films-256"])
            #expect(swept[1].points.map(\.task.task) == ["films-16", "films-16-long"])
        }
    }

    @Test("Tables have methods below each other, values side by side, and each value's best")
    func tables() throws {
        try withSweep { record, _ in
            let tables = ComparisonTables(record, try ComparisonSummary(record, resamples: 10))
            #expect(tables.sections.count == 6)
            let section = tables.sections[4]
            #expect(section.title == "films by labels, steps 100")
            #expect(section.entries.map(\.title) == SweptSetting.metrics.map(\.label))
            let nll = section.entries[1].table
            #expect(nll.header == ["method", "labels 16", "labels 64", "labels 256"])
            #expect(nll.rows.map { $0[0] } == ["AdamW (MAP)", "temperature scaling", "IVON"])
            for (row, method) in ["map", "temperature", "ivon"].enumerated() {
                for (column, task) in ["films-16", "films-64", "films-256"].enumerated() {
                    let values = record.results(of: method, on: task).map { $0.metrics[.nll] ?? 0 }
                    let mean = values.reduce(0, +) / Double(values.count)
                    #expect(nll.rows[row][column + 1].hasPrefix(mean.text(3) + "±"))
                    let others = ["map", "temperature", "ivon"].map { other in
                        record.results(of: other, on: task).map { $0.metrics[.nll] ?? 0 }
                            .reduce(0, +) / 2
                    }
                    #expect(nll.isMarked(row, column + 1) == (mean == others.min()))
                }
            }
            #expect(tables.markdown.contains("## films by steps, labels 16"))
        }
    }

    @Test("The figures have a line a method, and their page is well-formed")
    func figures() throws {
        try withSweep { record, run in
            let report = try run.comparisonReport()
            let figures = report.figures.filter { $0.name.hasPrefix("sweep-") }
            #expect(figures.map(\.name) == ["sweep-1", "sweep-2"])
            #expect(figures.map(\.table.rows.count) == [9, 6])
            #expect(figures[0].table.rows[4].prefix(2) == ["temperature scaling", "64"])
            for figure in figures {
                #expect(isWellFormed(figure.svg, root: "svg"))
                #expect(report.html.contains("<figure id=\"\(figure.name)\">"))
                for name in ["AdamW (MAP)", "temperature scaling", "IVON"] {
                    #expect(figure.svg.contains(">\(name)<"))
                }
            }
            #expect(isWellFormed(report.html, root: "html"))
            #expect(record.tasks.count == 4)
        }
    }
}
