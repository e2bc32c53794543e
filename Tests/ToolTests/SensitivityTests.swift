import Foundation
import JSON
import Testing

@Suite("Sensitivity")
struct SensitivityTests {
    private func train(_ tool: Tool, _ settings: [String] = []) throws {
        let outcome = try tool.run(
            [
                "train", "--model", "model", "--task", "task", "--threads", "1", "--steps", "8",
                "--draws", "1", "--output", "run", "--force",
            ] + settings
        )
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }

    @Test("All training rows are ranked, and the first of them shown")
    func ranking() throws {
        try withTool { tool in
            try train(tool)
            try FileManager.default.moveItem(
                at: tool.folder.appendingPathComponent("task"),
                to: tool.folder.appendingPathComponent("moved")
            )
            let outcome = try tool.run([
                "sensitivity", "run", "--task", "moved", "--count", "3", "--output", "rows.jsonl",
                "--threads", "1",
            ])
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            let lines = outcome.output.split(separator: "\n").map(String.init)
            #expect(lines.count == 4 && lines[0].hasPrefix("20 training rows"))
            #expect(lines.allSatisfy { $0.count <= 80 })
            let text = try String(
                contentsOf: tool.folder.appendingPathComponent("rows.jsonl"),
                encoding: .utf8
            )
            let rows = try text.split(separator: "\n").map {
                try JSONNode(parsing: Data($0.utf8), file: "rows.jsonl")
            }
            let ids = try rows.map { try $0.required("id").string() }
            #expect(Set(ids) == Set((0..<20).map { "train-\($0)" }))
            #expect(try rows.map { try $0.required("rank").integer() } == Array(1...20))
            let sizes = try rows.map { try $0.required("sensitivity").number() }
            #expect(sizes == sizes.sorted(by: >) && sizes.allSatisfy { $0 > 0 })
            for (row, line) in zip(rows, lines.dropFirst()) {
                let label = try row.required("label_text").string()
                #expect(label == ["even", "odd"][try row.required("label").integer()])
                let probability = try row.required("probability").number()
                let variance = try row.required("variance").number()
                let change = try row.required("log_odds_change").number()
                #expect(abs(change + (1 - probability) * variance) < 1e-4 * variance)
                let start = "\(try row.required("id").string()) The sum of "
                #expect(try row.required("text").string().hasPrefix("The sum of "))
                #expect(line.hasPrefix(start) && line.contains(" \(label) "), "\(line)")
            }
        }
    }

    @Test("Rows that were not trained on, and runs without variances, are refused")
    func faults() throws {
        try withTool { tool in
            func fails(_ run: String, _ text: String) throws {
                let outcome = try tool.run(["sensitivity", run, "--threads", "1"])
                #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1)
                #expect(outcome.errors.contains(text), "\(outcome.errors)")
            }
            try fails("task", "expected the folder of a run")
            try train(tool, ["--method", "adamw"])
            try fails(
                "run",
                "sensitivity: expected a run whose posterior has variances (ivon, normal, swag,"
                    + " laplace-diagonal, laplace-kfac), found a point estimate"
            )
            try train(tool)
            let rows = tool.folder.appendingPathComponent("task/train.jsonl")
            let text = try String(contentsOf: rows, encoding: .utf8)
            try Data(text.replacingOccurrences(of: "sum", with: "Sum").utf8).write(to: rows)
            try fails("run", "training data: expected ")
            let checkpoints = tool.folder.appendingPathComponent("run/checkpoints")
            try FileManager.default.removeItem(at: checkpoints)
            try fails("run", "training data: expected the rows that the run was trained on, found")
            // Runs of earlier versions tell of their rows how many they were.
            let metrics = tool.folder.appendingPathComponent("run/metrics.json")
            let results = try String(contentsOf: metrics, encoding: .utf8)
            let old = results.replacing(/"training_data_fingerprint" *: *"[^"]*",/, with: "")
            try #require(old != results)
            try Data(old.utf8).write(to: metrics)
            try Data(text.split(separator: "\n").dropLast().joined(separator: "\n").utf8)
                .write(to: rows)
            try fails("run", "found 19 in place of 20")
        }
    }

    @Test(
        "Flags of no sense are refused in a sentence",
        arguments: [
            (["--count", "0"], "--count: expected a positive integer, found \"0\""),
            (["--count", "-1"], "--count: expected a positive integer, found \"-1\""),
            (["--count", "all"], "--count: expected a positive integer, found \"all\""),
        ]
    )
    func flags(_ arguments: [String], _ says: String) throws {
        try withTool { tool in
            let outcome = try tool.run(["sensitivity", "run"] + arguments)
            #expect(outcome.exitCode == 64)
            #expect(outcome.errorLines == ["Error: " + says])
        }
    }
}
