import Foundation
import JSON
import Testing

@Suite("Runs and comparisons on texts with labels")
struct LabelledTextsTests {
    private func write(_ text: String, to name: String, _ tool: Tool) throws {
        let file = tool.folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
    }

    private func writeTexts(_ folder: String, _ parts: [String], _ tool: Tool) throws {
        for part in parts {
            let rows = (0..<24).map { "\(folder) \(part) \($0),\(["yes", "no"][$0 % 2])\n" }
            try write("text,label\n" + rows.joined(), to: "\(folder)/\(part).csv", tool)
        }
    }

    @Test("A comparison of them goes on, with methods that are made of other runs")
    func comparison() throws {
        try withTool { tool in
            try writeTexts("texts", ["train", "validation", "test"], tool)
            let compare = [
                "compare", "--model", "model", "--task", "texts", "--threads", "1", "--steps", "2",
                "--draws", "2", "--seeds", "1", "--output", "compared", "--methods",
            ]
            let first = try tool.run(compare + ["map,temperature,ivon,ivon-mean"])
            #expect(first.exitCode == 0, "\(first.errors)")
            let more = try tool.run(compare + ["map,temperature,ivon,ivon-mean,base", "--resume"])
            #expect(more.exitCode == 0, "\(more.errors)")
        }
    }

    @Test("Their runs are merged and measured on another task whose validation is split off")
    func otherTask() throws {
        try withTool { tool in
            try writeTexts("texts", ["train", "validation", "test"], tool)
            try writeTexts("other", ["train", "test"], tool)
            for (name, seed) in [("a", "1"), ("b", "2")] {
                let outcome = try tool.run([
                    "train", "--model", "model", "--task", "texts", "--threads", "1", "--steps",
                    "1", "--draws", "2", "--split-seed", seed, "--output", name,
                ])
                #expect(outcome.exitCode == 0, "\(outcome.errors)")
            }
            let merge = ["merge", "a", "b", "--by", "average", "--task", "other", "--output", "ab"]
            let merged = try tool.run(merge)
            #expect(merged.exitCode == 0, "\(merged.errors)")
            // A published data set has prompts of its own, and options that are listed.
            let row = { (index: Int) in
                #"{"id": "q\#(index)", "question": {"stem": "Which?", "choices": "#
                    + #"[{"text": "a", "label": "A"}, {"text": "b", "label": "B"}, "#
                    + #"{"text": "c", "label": "C"}, {"text": "d", "label": "D"}]}, "#
                    + #""answerKey": "A"}"# + "\n"
            }
            for part in ["Train", "Dev", "Test"] {
                let text = (0..<3).map(row).joined()
                try write(text, to: "sets/arc-easy/ARC-Easy-\(part).jsonl", tool)
            }
            let evaluate = [
                "evaluate", "a", "--threads", "1", "--task", "arc-easy", "--data", "sets/arc-easy",
            ]
            let published = try tool.run(evaluate)
            #expect(published.exitCode == 0, "\(published.errors)")
        }
    }
}
