import ArgumentParser
import Foundation
import Reporting
import TensorFiles
import Training

struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a page with the results and figures of a run.",
        discussion: """
            The page is one file that opens without a network. A run that is not finished
            gets the figures of its training.

            EXAMPLES
              varlora report runs/ivon
              varlora report runs/ivon --output ivon.html --figures figures/
            """
    )

    @Argument(help: ArgumentHelp("A run folder.", valueName: "run"))
    var runFolder: String
    @Option(help: "The page (default: report.html in the run folder).")
    var output: String?
    @Option(help: "Write each figure as an SVG file into this folder, too.")
    var figures: String?

    func run() throws {
        let run = RunFolder(URL(fileURLWithPath: runFolder))
        let recipe = try run.readRecipe()
        let settings = RecipeField.all.compactMap { field in
            recipe.values[field.key].map { (key: field.key, value: $0) }
        }
        let record = try RunRecord(
            folder: run.url,
            name: run.url.lastPathComponent,
            settings: settings
        )
        let report = try RunReport(record)
        let page = output.map { URL(fileURLWithPath: $0) } ?? run.report
        try AtomicFile.write(Data(report.html.utf8), to: page)
        Console.print(page.relativePath)
        guard let figures else { return }
        let folder = URL(fileURLWithPath: figures)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw TrainingError.fileSystem(path: figures, reason: "the folder cannot be made")
        }
        for figure in report.figures {
            let file = folder.appendingPathComponent("\(figure.name).svg")
            try AtomicFile.write(Data(figure.svg.utf8), to: file)
            Console.print(file.relativePath)
        }
    }
}
