import Evaluation
import Foundation
import Metrics
import Testing
import TextTasks

@testable import Training

@Suite("Runs calibrated by folds of their training rows")
struct CrossValidationTests {
    private func calibration(_ tiny: TinyRun, folds: Int) throws -> RunCalibration {
        try RunCalibration(tiny.run("run"), to: tiny.run("calibrated"), folds: folds)
    }

    /// A task of these rows alone, as a user would write it.
    private func write(_ lines: [(Split, [Substring])], to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (split, lines) in lines {
            try Data((lines.joined(separator: "\n") + "\n").utf8)
                .write(to: folder.appendingPathComponent("\(split.rawValue).jsonl"))
        }
    }

    @Test(
        "The temperature is that of runs on files without a fold, which answer its rows",
        arguments: [TrainingMethod.ivon, .adamw]
    )
    func separateRuns(_ method: TrainingMethod) throws {
        try withTinyRun(method) { tiny in
            try tiny.train("run")
            let found = try #require(try calibration(tiny, folds: 3).calibrated(try tiny.model()))
            let file = tiny.task.task.appendingPathComponent("train.jsonl")
            let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            let rows = try tiny.recipe.textTask().load(.train, seed: 0)
            var answers: [AveragedPrediction] = []
            for (number, fold) in try rows.folds(3, seed: UInt64(tiny.recipe.seed)).enumerated() {
                let held = Set(fold.heldOut.examples.map(\.id))
                let divided = zip(lines, rows.examples).map {
                    (line: $0, isHeld: held.contains($1.id))
                }
                let folder = tiny.folder.appendingPathComponent("fold-\(number)")
                try write(
                    [
                        (.train, divided.filter { !$0.isHeld }.map(\.line)),
                        (.validation, divided.filter(\.isHeld).map(\.line)),
                    ],
                    to: folder
                )
                var other = tiny
                other.recipe.task = folder.path
                try other.train("run-\(number)")
                let model = try other.model()
                let run = try TrainedRun(other.run("run-\(number)"), model: model)
                answers += try run.predict(fold.heldOut.examples)
            }
            #expect(answers.count == rows.examples.count && found.record.examples == answers.count)
            let expected = try Temperature(
                fittedToDraws: answers.map(\.draws),
                targets: Temperature.smoothed(answers.map(\.prediction.distribution))
            )
            #expect(abs(found.record.temperature / expected.value - 1) < 1e-4)
            #expect(found.record.folds == 3 && found.run.temperature == found.record.temperature)
        }
    }

    @Test("Stopped, it goes on to the same run, and leaves nothing but this")
    func stopped() throws {
        try withTinyRun { tiny in
            try tiny.train("run")
            var steps = 0
            var starts: [Int] = []
            func observe(_ event: RunCalibration.Event) {
                if case .training(.started(let step, _, _)) = event { starts.append(step) }
                if case .training(.trained) = event { steps += 1 }
            }
            let first = try calibration(tiny, folds: 2).calibrated(
                try tiny.model(),
                observer: observe
            ) {
                steps == 8
            }
            #expect(first == nil && starts == [0, 0])
            let goingOn = try calibration(tiny, folds: 2)
            let second = try #require(
                try goingOn.calibrated(try tiny.model(), observer: observe)
            )
            #expect(starts == [0, 0, 6, 2])
            _ = try goingOn.write(second)
            let whole = try RunCalibration(tiny.run("run"), to: tiny.run("whole"), folds: 2)
            _ = try whole.write(try #require(try whole.calibrated(try tiny.model())))
            #expect(try tiny.run("calibrated").differences(from: tiny.run("whole")).isEmpty)
            let names = try FileManager.default.contentsOfDirectory(atPath: tiny.folder.path)
            #expect(!names.contains { $0.hasPrefix(".") }, "\(names)")
        }
    }

    @Test("Runs that a training by their recipe does not repeat, and lone labels, are refused")
    func refusals() throws {
        try withTinyRun(.adamw) { tiny in
            var metrics = try tiny.results("run")
            metrics.method = "laplace-kfac"
            try metrics.write(to: tiny.run("run").metrics)
            let other = sentence { _ = try calibration(tiny, folds: 2) }
            #expect(
                other.hasSuffix(
                    "temperature: expected for folds a run as train leaves it, found laplace-kfac"
                ),
                "\(other)"
            )
            metrics.method = "adamw"
            try metrics.write(to: tiny.run("run").metrics)
            let many = sentence {
                _ = try calibration(tiny, folds: 1000).calibrated(try tiny.model())
            }
            #expect(many.contains("train.jsonl: folds: expected 2 to"), "\(many)")
        }
    }

    @Test("A label of one row alone is refused by name")
    func loneLabel() throws {
        try withTinyRun { tiny in
            let table = "text,label\nThe day,good\nYour work,old\nMy life,good\nThe world,last\n"
            let folder = tiny.folder.appendingPathComponent("texts")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for name in ["train.csv", "validation.csv"] {
                try Data(table.utf8).write(to: folder.appendingPathComponent(name))
            }
            var recipe = tiny.recipe
            recipe.task = folder.path
            let tokenizer = try tiny.model().tokenizer
            let found = sentence {
                _ = try CrossValidation(recipe, folds: 2, tokenizer: tokenizer)
            }
            let expected = "train.csv: folds: expected two rows of a label or more, found one of"
            #expect(found.contains(expected) && found.hasSuffix("\"last\""), "\(found)")
        }
    }
}
