import ArgumentParser
import Foundation
import LanguageModels
import Torch
import Training

struct Calibrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fit a temperature to a run's validation part.",
        discussion: """
            Logits are divided by the temperature under which answers to the validation
            part have the lowest negative log-likelihood. The calibrated run is written
            into a folder of its own, and answers by it everywhere. With few rows there a
            temperature does harm, with some dozens it pays where a run is too sure, as
            most are of answers of several tokens.

            EXAMPLES
              varlora calibrate runs/first --output runs/calibrated
              varlora evaluate runs/calibrated
            """
    )

    @Argument(help: ArgumentHelp("The folder of a finished run.", valueName: "run"))
    var runFolder: String
    @Option("The run folder to write.")
    var output: String
    @Option("Where the run's base model lies now (default: as the run names it).")
    var model: String?
    @Option(of: "data") var data: String?
    @Option("cpu, cuda, cuda:N or mps.")
    var device = "cpu"
    @Option("Threads of an operation on the CPU (default: one a core).")
    var threads: String?
    @Flag(help: "Replace the run in the output folder.")
    var force = false
    @Flag(help: "Print the results as JSON.")
    var json = false

    func validate() throws { _ = try value("threads", threads, \.threads) }

    func run() throws {
        if let count = try value("threads", threads, \.threads) ?? nil { Engine.threads = count }
        var calibration = try RunCalibration(
            RunFolder(URL(fileURLWithPath: runFolder)),
            to: RunFolder(URL(fileURLWithPath: output)),
            force: force
        )
        calibration.recipe.model = model ?? calibration.recipe.model
        calibration.recipe.data = data ?? calibration.recipe.data
        let base = try LoadedModel(
            try ModelLocation(calibration.recipe.model),
            device: Device(device),
            precision: calibration.recipe.precision
        )
        let calibrated = try calibration.calibrated(base, progress: Self.show)
        let record = calibrated.record
        let rows = "\(record.examples) row\(record.examples == 1 ? "" : "s") of validation"
        Console.note("temperature \(record.temperature.fixed(3)), fitted to \(rows)")
        if record.isAtBound {
            Console.warn("the NLL still falls there, where the search ends: \(rows) cannot fit it")
        }
        let results = try calibration.write(calibrated, progress: Self.show)
        for warning in results.warnings ?? [] { Console.warn(warning) }
        if json { return try Console.printJSON(results) }
        let (name, part) = results.test.map { ("test", $0) } ?? ("validation", results.validation)
        Console.print(TextTable.metrics(name, part, draws: results.drawCount).text)
        Console.note("run folder: \(output)")
    }

    private static func show(_ done: Int, _ total: Int) {
        Console.bar("evaluating, batch \(done)/\(total)")
        if done == total { Console.bar("") }
    }
}
