import ArgumentParser
import Comparison
import Files
import Foundation
import Reporting
import Training

/// A comparison as commands run it: with progress on standard error, and signals to stop.
struct ComparisonRun {
    private let plan: ComparisonPlan
    private let folder: URL

    init(_ plan: ComparisonPlan, in folder: URL) {
        self.plan = plan
        self.folder = folder
    }

    /// Runs what is missing, some cells at once; ends the command when it is stopped.
    func results(jobs: Int = 1, toGoOn hint: String) throws -> [ComparisonRow] {
        StopRequest.say("stopped; \(hint) goes on")
        let comparison = Comparison(plan, in: folder)
        let results =
            try jobs == 1
            ? comparison.run(observer: observer(), shouldStop: { StopRequest.isMade })
            : comparison.run { try ComparisonJobs($0, count: jobs).run() }
        guard let results else {
            Console.note("stopped; \(hint) goes on")
            throw StopRequest.exitCode
        }
        return results
    }

    /// Runs what is missing of one cell, for the process that asked for it.
    func complete(cell number: Int) throws {
        guard let cell = plan.cells.first(where: { $0.number == number }) else {
            throw ValidationError("--cell: expected 1 to \(plan.cells.count), found \(number)")
        }
        let isDone = try Comparison(plan, in: folder)
            .run(cell, observer: observer(), shouldStop: { StopRequest.isMade })
        if !isDone { throw StopRequest.exitCode }
    }

    private func observer() -> (ComparisonEvent) -> Void {
        let progress = ConsoleProgress()
        return { event in
            switch event {
            case .started(let task, let seed, let method, let number, let total):
                Console.note("[\(number)/\(total)] \(task), seed \(seed): \(method)")
            case .warned(let text): Console.warn(text)
            case .progress(let event): progress.show(event)
            }
        }
    }

    /// What ``writeTables()`` and ``writeReport()`` leave.
    static let pages = [
        "table.txt", "table.md", "table.tex", "table.csv", "summary.json", "report.html",
    ]

    /// Writes the tables beside the results.
    func writeTables() throws -> ComparisonTables {
        let record = try ComparisonRecord(folder: folder)
        let summary = try ComparisonSummary(record)
        let tables = ComparisonTables(record, summary)
        for (name, text) in try tables.files(summary) {
            try AtomicFile.write(Data(text.utf8), to: folder.appendingPathComponent(name))
        }
        return tables
    }

    /// Writes the page with tables and figures; returns its place.
    func writeReport() throws -> URL {
        let record = try ComparisonRecord(folder: folder)
        let report = try ComparisonReport(
            record,
            try ComparisonSummary(record),
            name: folder.lastPathComponent
        )
        let page = folder.appendingPathComponent("report.html")
        try AtomicFile.write(Data(report.html.utf8), to: page)
        return page
    }
}
