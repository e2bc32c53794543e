import ArgumentParser
import Foundation
import LanguageModels
import Torch
import Training

struct Calibrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fit a temperature to a run's answers.",
        discussion: """
            Logits are divided by the temperature under which answers to the validation
            part have the lowest negative log-likelihood. The calibrated run is written
            into a folder of its own, and answers by it everywhere. With few rows there a
            temperature does harm, with some dozens it pays where a run is too sure, as
            most are of answers of several tokens.

            With --folds K no validation part is looked at: the run's training is repeated
            K times, each time without one of K folds of its rows, which it then answers.
            Stopped, the same command goes on.

            EXAMPLES
              varlora calibrate runs/first --output runs/calibrated
              varlora calibrate runs/first --folds 5 --output runs/calibrated
              varlora evaluate runs/calibrated
            """
    )

    @Argument(help: ArgumentHelp("The folder of a finished run.", valueName: "run"))
    var runFolder: String
    @Option("The run folder to write.")
    var output: String
    @Option("Fit to the training rows, each answered by one of so many models trained without it.")
    var folds: String?
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

    func validate() throws {
        _ = try value("threads", threads, \.threads)
        _ = try foldCount
    }

    private var foldCount: Int? {
        get throws {
            guard let folds else { return nil }
            guard let count = Int(folds), count > 1 else {
                throw ValidationError("--folds: expected an integer from 2, found \"\(folds)\"")
            }
            return count
        }
    }

    func run() throws {
        var calibration = try RunCalibration(
            RunFolder(URL(fileURLWithPath: runFolder)),
            to: RunFolder(URL(fileURLWithPath: output)),
            folds: try foldCount,
            force: force
        )
        let given = try value("threads", threads, \.threads) ?? nil
        Engine.threads = given ?? calibration.recipe.threads ?? Engine.threads
        calibration.recipe.model = model ?? calibration.recipe.model
        calibration.recipe.data = data ?? calibration.recipe.data
        let base = try LoadedModel(
            try ModelLocation(calibration.recipe.model),
            device: Device(device),
            precision: calibration.recipe.precision
        )
        let progress = ConsoleProgress()
        let goOn = "stopped; the same command goes on"
        if folds != nil { StopRequest.say(goOn) }
        let calibrated = try calibration.calibrated(base) {
            switch $0 {
            case .fold(let number, let count): Console.note("fold \(number) of \(count)")
            case .training(let event): progress.show(event)
            }
        } shouldStop: {
            StopRequest.isMade
        }
        guard let calibrated else {
            Console.note(goOn)
            throw StopRequest.exitCode
        }
        report(calibrated.record)
        let results = try calibration.write(calibrated) {
            progress.show(.evaluating(done: $0, of: $1))
        }
        for warning in results.warnings ?? [] { Console.warn(warning) }
        if json { return try Console.printJSON(results) }
        let (name, part) = results.test.map { ("test", $0) } ?? ("validation", results.validation)
        Console.print(TextTable.metrics(name, part, draws: results.drawCount).text)
        Console.note("run folder: \(output)")
    }

    private func report(_ record: CalibrationRecord) {
        let rows = "\(record.examples) row\(record.examples == 1 ? "" : "s")"
        let part = record.folds == nil ? "of validation" : "that their models had not seen"
        Console.note("temperature \(record.temperature.fixed(3)), fitted to \(rows) \(part)")
        if record.isAtBound {
            Console.warn("the NLL still falls there, where the search ends: \(rows) cannot fit it")
        }
    }
}
