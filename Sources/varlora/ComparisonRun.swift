import ArgumentParser
import Comparison
import Files
import Foundation
import Reporting
import Training

/// A comparison as commands run it: with progress on standard error, and Ctrl-C to stop.
struct ComparisonRun {
    private let plan: ComparisonPlan
    private let folder: URL

    init(_ plan: ComparisonPlan, in folder: URL) {
        self.plan = plan
        self.folder = folder
    }

    /// Runs what is missing; ends the command when it is stopped.
    func results(toGoOn hint: String) throws -> [ComparisonRow] {
        StopRequest.listen()
        let progress = ConsoleProgress()
        let results = try Comparison(plan, in: folder).run { event in
            switch event {
            case .started(let task, let seed, let method, let number, let total):
                Console.note("[\(number)/\(total)] \(task), seed \(seed): \(method)")
            case .warned(let text): Console.warn(text)
            case .progress(let event): progress.show(event)
            }
        } shouldStop: {
            StopRequest.isMade
        }
        guard let results else {
            Console.note("stopped; \(hint) goes on")
            throw ExitCode.failure
        }
        return results
    }

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
