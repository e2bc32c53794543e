import Foundation
import Metrics
import Testing

@Suite("Data that change under a run, and outputs in the place of data")
struct ChangedDataTests {
    private func rows(_ count: Int, from start: Int = 0) -> String {
        (start..<start + count).map {
            #"{"id": "r\#($0)", "prompt": "The sum of \#($0) and 3 is", "#
                + #""choices": ["even", "odd"], "label": \#(($0 + 1) % 2)}"# + "\n"
        }
        .joined()
    }

    private func write(_ text: String, to name: String, _ tool: Tool) throws {
        let file = tool.folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
    }

    private let train = [
        "train", "--model", "model", "--threads", "1", "--steps", "1", "--draws", "2", "--output",
        "run",
    ]

    @Test("A part that is split off is not measured once rows were added, a file of its own is")
    func added() throws {
        try withTool { tool in
            try write(rows(40), to: "all.jsonl", tool)
            let trained = try tool.run(train + ["--task", "all.jsonl"])
            #expect(trained.exitCode == 0, "\(trained.errors)")
            let commands = [
                ["evaluate", "run"], ["evaluate", "run", "--split", "validation"],
                ["evaluate", "run", "--curves"], ["calibrate", "run", "--output", "other"],
                ["calibrate", "run", "--folds", "2", "--output", "other"],
            ]
            let threads = ["--threads", "1"]
            #expect(try tool.run(commands[0] + threads).exitCode == 0)
            try write(rows(41), to: "all.jsonl", tool)
            for command in commands {
                let outcome = try tool.run(command + threads)
                #expect(outcome.exitCode == 1, "\(command)")
                #expect(
                    outcome.errors.contains(
                        "training data: expected the rows that the run was trained on, found others"
                    ),
                    "\(command): \(outcome.errors)"
                )
            }
            let named = try tool.run(["evaluate", "run", "--task", "all.jsonl"] + threads)
            #expect(named.exitCode == 0, "\(named.errors)")

            for (part, start) in [("train", 0), ("validation", 100), ("test", 200)] {
                try write(rows(20, from: start), to: "parts/\(part).jsonl", tool)
            }
            #expect(try tool.run(train + ["--task", "parts", "--force"]).exitCode == 0)
            try write(rows(24), to: "parts/train.jsonl", tool)
            #expect(try tool.run(commands[0] + threads).exitCode == 0)
        }
    }

    @Test("What a run held out is its validation part, and what it drew its train part")
    func heldOut() throws {
        try withTool { tool in
            for (part, start) in [("train", 0), ("validation", 100), ("test", 200)] {
                try write(rows(20, from: start), to: "parts/\(part).jsonl", tool)
            }
            let budget = ["--task", "parts", "--labels", "10", "--held-out", "0.3"]
            #expect(try tool.run(train + budget).exitCode == 0)
            func ids(_ split: String) throws -> [String] {
                let outcome = try tool.run(
                    ["evaluate", "run", "--threads", "1", "--split", split]
                        + ["--predictions", "answers.jsonl"]
                )
                #expect(outcome.exitCode == 0, "\(outcome.errors)")
                let file = tool.folder.appendingPathComponent("answers.jsonl")
                return try [Prediction](contentsOf: file).map(\.id)
            }
            let file = tool.folder.appendingPathComponent("run/predictions/validation.jsonl")
            let own = try [Prediction](contentsOf: file).map(\.id)
            #expect(own.count == 3)
            #expect(try ids("validation") == own)
            let drawn = try ids("train")
            #expect(drawn.count == 7 && Set(drawn).isDisjoint(with: own))
        }
    }

    @Test("Outputs that would replace what is read, or have no folder, are refused first")
    func outputs() throws {
        try withTool { tool in
            for (part, start) in [("train", 0), ("test", 200)] {
                try write(rows(20, from: start), to: "parts/\(part).jsonl", tool)
            }
            let before = try Data(
                contentsOf: tool.folder.appendingPathComponent("parts/test.jsonl")
            )
            #expect(try tool.run(train + ["--task", "parts"]).exitCode == 0)
            try FileManager.default.createSymbolicLink(
                atPath: tool.folder.appendingPathComponent("link.jsonl").path,
                withDestinationPath: "parts/test.jsonl"
            )
            let predict = ["predict", "run", "--threads", "1", "--input", "parts/test.jsonl"]
            for (command, says) in [
                (predict + ["--output", "parts/test.jsonl"], "it is what is read"),
                (predict + ["--output", "link.jsonl"], "it is what is read"),
                (predict + ["--output", "none/x.jsonl"], "there is no folder"),
                (
                    ["evaluate", "run", "--threads", "1", "--predictions", "parts/test.jsonl"],
                    "it is where the data of the task are"
                ),
                (
                    ["evaluate", "run", "--threads", "1", "--predictions", "none/x.jsonl"],
                    "there is no folder"
                ),
                (
                    ["sensitivity", "run", "--threads", "1", "--output", "parts/train.jsonl"],
                    "it is where the data of the task are"
                ),
                (
                    Array(train.dropLast()) + ["parts/validation", "--task", "parts"],
                    "found the place of a part of"
                ),
            ] {
                let outcome = try tool.run(command)
                #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(command)")
                #expect(outcome.errors.contains(says), "\(outcome.errors)")
            }
            let after = try Data(contentsOf: tool.folder.appendingPathComponent("parts/test.jsonl"))
            #expect(after == before)
        }
    }
}
