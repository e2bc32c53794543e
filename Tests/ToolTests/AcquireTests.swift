import Foundation
import JSON
import Testing

@Suite("Choosing rows to label")
struct AcquireTests {
    private func train(_ tool: Tool, _ task: String, _ method: String = "ivon") throws {
        let outcome = try tool.run([
            "train", "--model", "model", "--task", task, "--method", method, "--threads", "1",
            "--steps", "3", "--output", "run",
        ])
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
    }

    private func write(_ text: String, _ name: String, in tool: Tool) throws {
        let file = tool.folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(),
            withIntermediateDirectories: true
        )
        try Data(text.utf8).write(to: file)
    }

    private func read(_ name: String, in tool: Tool) throws -> [String] {
        let file = tool.folder.appendingPathComponent(name)
        let text = try String(contentsOf: file, encoding: .utf8)
        return text.split(separator: "\n").map(String.init)
    }

    private func acquire(_ tool: Tool, _ arguments: [String]) throws -> [JSONNode] {
        let outcome = try tool.run(["acquire", "run", "--threads", "1"] + arguments)
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        return try outcome.output.split(separator: "\n").map {
            try JSONNode(parsing: Data($0.utf8), file: "output")
        }
    }

    private let pool = (0..<9).map {
        #"{"prompt":  "A sum of \#($0) is", "id": "row-\#($0)", "choices": ["even", "odd"]}"#
    }

    @Test("Ranks are those of what predict says, and the pool is divided without a change of a row")
    func ranks() throws {
        try withTool { tool in
            try train(tool, "task")
            try write(pool.joined(separator: "\n") + "\n", "pool.jsonl", in: tool)
            let predict = [
                "predict", "run", "--threads", "1", "--input", "pool.jsonl", "--output", "answers",
            ]
            #expect(try tool.run(predict).exitCode == 0)
            let answers = try read("answers", in: tool).map {
                try JSONNode(parsing: Data($0.utf8), file: "answers")
            }
            for (arguments, key) in [([], "mutual_information"), (["--by", "entropy"], "entropy")] {
                let ranked = try answers.sorted {
                    try $0.required(key).number() > $1.required(key).number()
                }
                let files = ["--output", "chosen.jsonl", "--rest", "rest.jsonl"]
                let lines = try acquire(
                    tool,
                    ["--pool", "pool.jsonl", "--count", "4"] + arguments + files
                )
                let ids = try lines.map { try $0.required("id").string() }
                #expect(ids == (try ranked.prefix(4).map { try $0.required("id").string() }))
                #expect(try lines.map { try $0.required("rank").integer() } == [1, 2, 3, 4])
                for (line, answer) in zip(lines, ranked) {
                    #expect(try line.required("score").number() == answer.required(key).number())
                }
                let chosen = ids.map { id in pool.first { $0.contains("\"\(id)\"") } }
                #expect(try read("chosen.jsonl", in: tool) == chosen)
                #expect(try read("rest.jsonl", in: tool) == pool.filter { !chosen.contains($0) })
            }
            let all = try acquire(tool, ["--pool", "pool.jsonl", "--count", "99"])
            #expect(all.count == pool.count)
            let random = ["--pool", "pool.jsonl", "--count", "9", "--by", "random"]
            let chance = try acquire(tool, random)
            #expect(try chance.allSatisfy { try $0.member("score") == nil })
            #expect(
                try Set(chance.map { try $0.required("id").string() }).count == pool.count
            )
        }
    }

    @Test("A loop goes on with a pool that loses what it gives, whatever labels its rows have")
    func loop() throws {
        try withTool { tool in
            let rows = (0..<30).map { "A text of \($0),\($0 < 15 ? "before" : "after")\n" }
            try write("text,label\n" + rows.joined(), "texts/train.csv", in: tool)
            try write("text,label\n" + rows.joined(), "texts/validation.csv", in: tool)
            try train(tool, "texts")
            // Labels that the run has not seen yet.
            let others = (0..<6).map { "\"Another, \($0)\",new" }
            try write("text,label\n" + others.map { $0 + "\n" }.joined(), "pool.csv", in: tool)
            let lines = try acquire(
                tool,
                [
                    "--pool", "pool.csv", "--count", "2", "--output", "new.csv", "--rest",
                    "pool.csv",
                ]
            )
            #expect(lines.count == 2)
            let (new, rest) = (try read("new.csv", in: tool), try read("pool.csv", in: tool))
            #expect(new[0] == "text,label" && rest[0] == "text,label")
            #expect(new.count == 3 && (new.dropFirst() + rest.dropFirst()).sorted() == others)
            let again = try acquire(tool, ["--pool", "pool.csv", "--count", "9"])
            #expect(again.count == 4)
        }
    }

    @Test("Without draws there is no mutual information: entropy is used, or a sentence says so")
    func pointEstimate() throws {
        try withTool { tool in
            try train(tool, "task", "adamw")
            try write(pool.joined(separator: "\n") + "\n", "pool.jsonl", in: tool)
            let files = ["acquire", "run", "--pool", "pool.jsonl"]
            let choose = files + ["--count", "1", "--threads", "1"]
            let entropy = try tool.run(choose)
            #expect(entropy.exitCode == 0)
            #expect(entropy.errors.contains("chosen by entropy: the run is a point estimate"))
            let refused = try tool.run(choose + ["--by", "mutual-information"])
            #expect(refused.exitCode == 1 && refused.output.isEmpty)
            #expect(
                refused.errorLines == [
                    "Error: run: mutual-information: expected a run that averages over draws, found"
                        + " a point estimate; choose by entropy"
                ]
            )
            let before = try read("pool.jsonl", in: tool)
            for (arguments, says) in [
                (["--output", "pool.jsonl"], "--output: is the pool"),
                (["--rest", "pool.jsonl"], "--rest: is the pool; --output must keep"),
                (["--output", "x", "--rest", "x"], "--output and --rest exclude each other"),
                (["--count", "0"], "--count: expected an integer from 1"),
                (["--by", "margin"], "mutual-information"), (["--draws", "0"], "--draws"),
            ] {
                let outcome = try tool.run(choose + arguments)
                #expect(outcome.exitCode == 64 && outcome.errorLines.count == 1)
                #expect(outcome.errors.contains(says), "\(outcome.errors)")
            }
            #expect(try read("pool.jsonl", in: tool) == before)
        }
    }
}
