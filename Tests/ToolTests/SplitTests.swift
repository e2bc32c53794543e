import Foundation
import Metrics
import TestSupport
import Testing
import TextTasks

/// A task, how its data are divided, and how a command names it.
struct DividedTask: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let arguments: [String]
    /// The files' names, with the parts that are divided by seed.
    let files: [String]
    let row: @Sendable (_ file: String, _ index: Int) -> String

    private static func own(_ name: String, _ task: String, _ files: [String]) -> DividedTask {
        DividedTask(testDescription: name, arguments: ["--task", task], files: files) {
            file,
            index in
            #"{"id": "\#(file)-\#(index)", "prompt": "The sum of \#(index) and 3 is", "#
                + #""choices": ["even", "odd"], "label": \#((index + 1) % 2)}"#
        }
    }

    /// One's own data; any tokenizer does.
    static let own = [
        own("one file", "data/all.jsonl", ["all.jsonl"]),
        own("a folder without validation", "data", ["train.jsonl", "test.jsonl"]),
        own("a folder with all parts", "data", ["train.jsonl", "validation.jsonl", "test.jsonl"]),
    ]

    /// Published data that are divided by seed; their answers are single tokens of real tokenizers.
    static let published = [
        DividedTask(
            testDescription: "WinoGrande",
            arguments: ["--task", "winogrande-s", "--data", "data"],
            files: ["train_s.jsonl", "dev.jsonl"]
        ) { file, index in
            #"{"qID": "\#(file)-\#(index / 2)-\#(1 + index % 2)", "sentence": "Is _ \#(index).","#
                + #" "option1": "new", "option2": "old", "answer": "\#(1 + index % 2)"}"#
        },
        DividedTask(
            testDescription: "BoolQ",
            arguments: ["--task", "boolq", "--data", "data"],
            files: ["train.jsonl", "dev.jsonl"]
        ) { file, index in
            #"{"question": "is \#(index) even", "answer": \#(index.isMultiple(of: 2)), "#
                + #""passage": "\#(file) \#(index)"}"#
        },
    ]
}

@Suite("The split of a run stays, whatever seed its answers are drawn by")
struct SplitTests {
    @Test("No example of an evaluation was trained on", arguments: DividedTask.own)
    func disjoint(_ task: DividedTask) throws { try check(task, model: "model") }

    @Test(
        "No example of published data was, either",
        .enabled(if: RealModel.isWanted, "VARLORA_DEMO does not name the demo model's folder"),
        arguments: DividedTask.published
    )
    func published(_ task: DividedTask) throws {
        try check(task, model: try #require(RealModel.file).path)
    }

    private func check(_ task: DividedTask, model: String) throws {
        try withTool { tool in
            let data = tool.folder.appendingPathComponent("data")
            try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
            for file in task.files {
                let lines = (0..<40).map { task.row(file, $0) + "\n" }
                try Data(lines.joined().utf8).write(to: data.appendingPathComponent(file))
            }
            let trained = try tool.run(
                ["train", "--model", model, "--output", "run", "--threads", "1"]
                    + ["--steps", "1", "--seed", "3", "--draws", "2"]
                    + ["--method", "ivon", "--hess-init", "1e-4"] + task.arguments
            )
            #expect(trained.exitCode == 0, "\(trained.errors)")
            let isOwn = task.arguments.count == 2
            let source = try TextTask(
                isOwn ? tool.folder.path + "/" + task.arguments[1] : task.arguments[1],
                folder: isOwn ? nil : data
            )
            let training = Set(try source.load(.train, seed: 3).examples.map(\.id))
            for split in ["validation", "test"] {
                func answers(_ options: [String]) throws -> [Prediction] {
                    let outcome = try tool.run(
                        ["evaluate", "run", "--threads", "1", "--split", split]
                            + ["--predictions", "answers.jsonl"] + options
                    )
                    #expect(outcome.exitCode == 0, "\(outcome.errors)")
                    let file = tool.folder.appendingPathComponent("answers.jsonl")
                    return try [Prediction](contentsOf: file)
                }
                let (own, other) = (try answers([]), try answers(["--seed", "4"]))
                #expect(!own.isEmpty && training.isDisjoint(with: other.map(\.id)))
                #expect(other.map(\.id) == own.map(\.id))
                #expect(other.map(\.meanProbabilities) == own.map(\.meanProbabilities))
                #expect(other.map(\.probabilities) != own.map(\.probabilities))
            }
        }
    }
}

@Suite("Settings without effect are refused")
struct NoEffectTests {
    @Test("Draws and variance scales of a run that answers without")
    func pointEstimate() throws {
        try withTool { tool in
            let training = [
                "train", "--model", "model", "--task", "task", "--threads", "1", "--steps", "1",
                "--method", "adamw", "--output", "run",
            ]
            #expect(try tool.run(training).exitCode == 0)
            for (option, value) in [("draws", "10"), ("variance-scale", "0.5")] {
                let outcome = try tool.run(["evaluate", "run", "--\(option)", value])
                #expect(outcome.exitCode == 1)
                let sentence = "\(option): expected none, as the run answers by a point estimate"
                #expect(outcome.errorLines.first?.contains(sentence) == true, "\(outcome.errors)")
            }
            let base = ["evaluate", "--model", "model", "--task", "task", "--draws", "3"]
            #expect(try tool.run(base).exitCode == 64)
        }
    }
}
