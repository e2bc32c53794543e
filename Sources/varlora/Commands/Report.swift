import ArgumentParser
import Files
import Foundation
import Reporting
import Training

struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a page with the results and figures of a run or a comparison.",
        discussion: """
            The page is one file that opens without a network. A run that is not finished
            gets the figures of its training. The folder of a comparison, which holds
            results.json, gets tables of its methods, too. Where rows share more than 30
            answers, a file PAGE.classes.csv has the numbers of all of them.

            EXAMPLES
              varlora report runs/ivon
              varlora report runs/ivon --output ivon.html --figures figures/
              varlora report comparisons/sentiment
            """
    )

    @Argument(help: "The folder of a run or a comparison.")
    var folder: String
    @Option("The page (default: report.html in the folder).")
    var output: String?
    @Option("Write each figure as an SVG file into this folder, too.")
    var figures: String?

    func run() throws {
        let folder = URL(fileURLWithPath: folder)
        let run = RunFolder(folder)
        if ComparisonRecord.isComparison(folder) {
            let record = try ComparisonRecord(folder: folder)
            let summary = try ComparisonSummary(record)
            let report = try ComparisonReport(record, summary, name: folder.lastPathComponent)
            try write(report.html, report.figures, beside: run)
        } else if try run.holdsRun {
            _ = try OwnFolder(folder).file(run.recipe)
            let report = try RunReport(Self.record(of: run))
            try write(report.html, report.figures, classes: report.classesCSV, beside: run)
        } else {
            throw ReportError.nothing(toReportIn: folder)
        }
    }

    private static func record(of run: RunFolder) throws -> RunRecord {
        let values = try run.readRecipe().values
        let settings = Recipe.fields.compactMap { field in
            values[field.key].map { (key: field.key, value: $0) }
        }
        return try RunRecord(
            run,
            name: run.url.lastPathComponent,
            settings: settings
        )
    }

    private func write(
        _ html: String,
        _ drawn: [Figure],
        classes: String? = nil,
        beside run: RunFolder
    ) throws {
        let page = output.map { URL(fileURLWithPath: $0) } ?? run.report
        try AtomicFile.write(Data(html.utf8), to: page)
        Console.print(page.relativePath)
        if let classes {
            let file = page.deletingPathExtension().appendingPathExtension("classes.csv")
            try AtomicFile.write(Data(classes.utf8), to: file)
            Console.print(file.relativePath)
        }
        guard let figures else { return }
        let folder = URL(fileURLWithPath: figures)
        try FileSystem.makeFolder(folder)
        for figure in drawn {
            let file = folder.appendingPathComponent("\(figure.name).svg")
            try AtomicFile.write(Data(figure.svg.utf8), to: file)
            Console.print(file.relativePath)
        }
    }
}
