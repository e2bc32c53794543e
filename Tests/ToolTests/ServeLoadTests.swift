import Foundation
import TestSupport
import Testing

/// The server asked by many at once, every answer compared with that of `varlora predict`.
@Suite("Serving under load", .serialized)
struct ServeLoadTests {
    @Test("10,000 requests from 32 connections get predict's answers, and take no more memory")
    func load() throws {
        try ServedRun.with { tool in
            let questions = [
                #"{"type": "noul", "instructions": "Is it even?"}"#,
                #"{"type": "choice", "criteria": {"even": null, "odd": "not even", "no": null}}"#,
                #"{"type": "score", "instructions": ["How?"], "criteria": ["low", "mid", "high"]}"#,
            ]
            try check(
                tool,
                requests: 10_000,
                rows: (0..<200).map { number in
                    (state: "The sum of \(number) and \(number * 7 % 9)", questions[number % 3])
                }
            )
        }
    }

    @Test("Long rows are read whole, as predict reads them where --max-length has room for them")
    func longRows() throws {
        try ServedRun.with { tool in
            let noul = #"{"type": "noul", "instructions": "Is it even?"}"#
            let rows = (0..<3).map { number in
                (state: String(repeating: "The sum of \(number) and 4, ", count: 100), noul)
            }
            try check(tool, requests: 30, rows: rows, options: ["--max-length", "4000"])
        }
    }

    @Test(
        "A real model answers many at once as it does by predict",
        .enabled(if: RealModel.isWanted, "VARLORA_DEMO does not name the demo model's folder")
    )
    func realModel() throws {
        let model = try #require(RealModel.file).path
        try withTool { tool in
            let train = [
                "train", "--model", model, "--task", "task", "--method", "adamw", "--steps", "2",
                "--threads", "2", "--log-every", "2", "--eval-every", "0", "--save-every", "0",
                "--output", "run",
            ]
            #expect(try tool.run(train).exitCode == 0)
            let words = [
                "good", "bad", "fast", "urgent", "cheap", "true", "old", "sad", "happy", "odd",
            ]
            let rows = ["is late", "is lost", "came twice", "works"].flatMap { what in
                words.map {
                    (
                        state: "My card \(what).",
                        #"{"type": "noul", "instructions": "Is it \#($0)?"}"#
                    )
                }
            }
            try check(tool, requests: 300, rows: rows)
        }
    }

    /// Asks rows of one question each in random order, and stops the server.
    private func check(
        _ tool: Tool,
        requests: Int,
        rows: [(state: String, question: String)],
        options: [String] = []
    ) throws {
        let lines = rows.map {
            #"{"state": "\#($0.state)", "questions": {"q": \#($0.question)}}"# + "\n"
        }
        try Data(lines.joined().utf8).write(to: tool.folder.appendingPathComponent("rows.jsonl"))
        let predict = ["predict", "run", "--input", "rows.jsonl", "--output", "answers.jsonl"]
        #expect(try tool.run(predict + options).exitCode == 0)
        let (process, address) = try ServedRun.start(tool)
        let script = Checkout.file("Benchmarks/serve_load.py").path
        let asked = try tool.start(
            ["python3", script, address, "run", "rows.jsonl", "answers.jsonl", "\(requests)", "32"]
                + (requests >= 10_000 ? ["\(process.identifier)"] : []),
            program: URL(fileURLWithPath: "/usr/bin/env")
        )
        .wait()
        #expect(asked.exitCode == 0, "\(asked.errors)")
        #expect(asked.output.hasPrefix("\(requests) of \(requests) requests"), "\(asked.output)")
        process.send(SIGTERM)
        #expect(try process.wait().exitCode == 0)
    }
}
