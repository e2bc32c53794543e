import Foundation
import JSON
import Testing

@Suite("Merging runs")
struct MergeToolTests {
    private func train(_ tool: Tool, _ task: String, _ arguments: [String] = []) throws {
        let outcome = try tool.run(
            [
                "train", "--model", "model", "--task", task, "--threads", "1", "--steps", "3",
                "--draws", "2", "--method", "ivon", "--output", "run-\(task)",
            ] + arguments
        )
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }

    @Test("Runs of two tasks become one that is measured, asked and shown on both")
    func twoTasks() throws {
        try withTool { tool in
            let texts = tool.folder.appendingPathComponent("texts")
            try FileManager.default.createDirectory(at: texts, withIntermediateDirectories: true)
            let rows = (0..<30).map { "A text of \($0),\($0 < 10 ? "before" : "after")\n" }
            for part in ["train", "validation", "test"] {
                try Data(("text,label\n" + rows.joined()).utf8)
                    .write(to: texts.appendingPathComponent("\(part).csv"))
            }
            try train(tool, "task")
            try train(tool, "texts")
            let arguments = ["merge", "run-task", "run-texts", "--output", "both"]
            let merged = try tool.run(arguments)
            #expect(merged.exitCode == 0, "\(merged.errors)")
            #expect(merged.output.hasPrefix("test, 6 examples"))
            let evaluate = ["evaluate", "both", "--threads", "1", "--json"]
            for (task, count) in [("task", 6), ("texts", 30)] {
                let measured = try tool.run(evaluate + ["--task", task])
                #expect(measured.exitCode == 0, "\(measured.errors)")
                let results = try JSONNode(parsing: Data(measured.output.utf8), file: "output")
                    .required("results")
                #expect(try results.required("draws").required("examples").integer() == count)
            }
            let rest = texts.appendingPathComponent("rest.csv")
            try Data("text\nA text of 7\n".utf8).write(to: rest)
            let predicted = try tool.run([
                "predict", "both", "--threads", "1", "--task", "texts", "--input", rest.path,
                "--output", "answers.jsonl",
            ])
            #expect(predicted.exitCode == 0, "\(predicted.errors)")
            let answers = tool.folder.appendingPathComponent("answers.jsonl")
            let answer = try JSONNode(contentsOf: answers)
            #expect(["before", "after"].contains(try answer.required("answer").string()))
            for command in ["report", "inspect"] {
                #expect(try tool.run([command, "both"]).exitCode == 0)
            }
            let again = try tool.run(arguments + ["--force", "--by", "average", "--json"])
            #expect(again.exitCode == 0, "\(again.errors)")
        }
    }

    @Test("A merged run is not measured on rows that one of its parts was trained on")
    func otherDivision() throws {
        try withTool { tool in
            let rows = (0..<40).map { "A text of \($0),\($0 < 20 ? "before" : "after")\n" }
            try Data(("text,label\n" + rows.joined()).utf8)
                .write(to: tool.folder.appendingPathComponent("rows.csv"))
            for (run, seed) in [("run-a", "1"), ("run-b", "2"), ("run-c", "1")] {
                let outcome = try tool.run([
                    "train", "--model", "model", "--task", "rows.csv", "--threads", "1", "--steps",
                    "3", "--draws", "2", "--method", "ivon", "--split-seed", seed, "--output", run,
                ])
                #expect(outcome.exitCode == 0, "\(outcome.errors)")
            }
            let refused = try tool.run(["merge", "run-a", "run-b", "--output", "both"])
            #expect(refused.exitCode == 1 && refused.output.isEmpty, "\(refused.output)")
            #expect(refused.errors.contains("run-b/metrics.json"), "\(refused.errors)")
            let alike = try tool.run(["merge", "run-a", "run-c", "--output", "both"])
            #expect(alike.exitCode == 0, "\(alike.errors)")
        }
    }

    @Test("Flags that cannot be used are named")
    func flags() throws {
        try withTool { tool in
            for (arguments, says) in [
                (["a"], "expected two runs or more"),
                (["a", "b", "--scale", "1"], "--scale: expected --by task-arithmetic"),
                (["a", "b", "--weights", "1"], "--weights: expected one for each of the 2 runs"),
                (
                    ["a", "b", "--weights", "1,x"],
                    "expected a positive number up to 1e100, found \"x\""
                ),
                (
                    ["a", "b", "--weights", "1,-1"],
                    "expected a positive number up to 1e100, found \"-1\""
                ),
                (
                    ["a", "b", "--by", "task-arithmetic", "--scale", "inf"],
                    "a number from -1e100 to 1e100"
                ),
                (
                    ["a", "b", "--by", "task-arithmetic", "--scale", "1", "--weights", "1,1"],
                    "--scale and --weights exclude each other"
                ),
                (["a", "b", "--threads", "0"], "from 1 to 1024"),
                (["a", "b", "--by", "ties"], "precision"),
            ] {
                let outcome = try tool.run(["merge"] + arguments + ["--output", "new"])
                #expect(outcome.exitCode == 64 && outcome.output.isEmpty)
                #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
                #expect(outcome.errors.contains(says), "\(outcome.errors)")
            }
            let none = try tool.run(["merge", "task", "model", "--output", "new"])
            #expect(none.exitCode == 1 && none.errors.contains("found no recipe.yaml"))
        }
    }
}
