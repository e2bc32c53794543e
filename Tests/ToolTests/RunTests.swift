import Foundation
import JSON
import Testing

/// Commands that follow each other on one run.
@Suite("Runs")
struct RunTests {
    private static let training = [
        "train", "--model", "model", "--task", "task", "--threads", "1", "--steps", "8",
        "--draws", "3", "--output", "run",
    ]

    @Test("A run is trained, measured, asked and inspected")
    func wholeWay() throws {
        try withTool { tool in
            func json(_ arguments: [String]) throws -> JSONNode {
                let outcome = try tool.run(arguments)
                #expect(outcome.exitCode == 0, "\(outcome.errors)")
                let file = tool.folder.appendingPathComponent("output.json")
                try Data(outcome.output.utf8).write(to: file)
                return try JSONNode(contentsOf: file)
            }
            let trained = try json(Self.training + ["--json"])
            let test = try trained.required("test")
            #expect(try test.required("mean").required("examples").integer() == 6)
            let evaluated = try json(["evaluate", "run", "--threads", "1", "--json"])
            #expect(try evaluated.required("results").value == test.value)
            let mean = try json(
                ["evaluate", "run", "--threads", "1", "--variance-scale", "0", "--json"]
            )
            .required("results")
            #expect(try mean.required("draws").value == (try mean.required("mean").value))
            let inspected = try json(["inspect", "run", "--json"])
            #expect(try inspected.required("recipe").required("steps").string() == "8")
            let base = try json(
                ["evaluate", "--model", "model", "--task", "task", "--threads", "1", "--json"]
            )
            #expect(try base.required("results").member("draws") == nil)
        }
    }

    @Test("What is unusual about the data is said once, by training and comparing")
    func warnings() throws {
        try withTool { tool in
            let row = #"{"prompt": "A sum is", "choices": ["even", "odd"], "label": 1}"# + "\n"
            for (name, count) in [("train", 4), ("val", 3)] {
                let file = tool.folder.appendingPathComponent("task/\(name).jsonl")
                try Data(String(repeating: row, count: count).utf8).write(to: file)
            }
            try FileManager.default.removeItem(
                at: tool.folder.appendingPathComponent("task/validation.jsonl")
            )
            try Data("x".utf8).write(to: tool.folder.appendingPathComponent("task/notes.txt"))
            let comparison = [
                "compare", "--model", "model", "--task", "task", "--threads", "1", "--steps", "2",
                "--seeds", "1,2", "--methods", "map,ivon", "--output", "comparison",
            ]
            for arguments in [Self.training, comparison] {
                let outcome = try tool.run(arguments)
                #expect(outcome.exitCode == 0, "\(outcome.errors)")
                for text in [
                    "warning: task: notes.txt: not used", "the same answer, \"odd\"",
                    "the validation part has few rows, 3", "3 of the 3 rows of the validation part",
                ] {
                    let count = outcome.errors.components(separatedBy: text).count - 1
                    #expect(count == (text.hasPrefix("the same") ? 2 : 1), "\(outcome.errors)")
                }
            }
        }
    }

    @Test("A profile says where the time went, apart from results in JSON")
    func profile() throws {
        try withTool { tool in
            let outcome = try tool.run(Self.training + ["--profile"])
            let lines = outcome.output.split(separator: "\n").map(String.init)
            #expect(lines.first?.hasPrefix("8 steps, ivon") == true, "\(outcome.output)")
            let shares = lines.dropFirst().prefix(5).compactMap { line in
                line.split(separator: " ").last.flatMap { Double($0.dropLast()) }
            }
            try #require(shares.count == 5)
            #expect(abs(shares[..<4].reduce(0, +) - 100) < 0.3 && shares[4] == 100)
            for part in ["examples/s", "tokens/s", "peak memory", "GFLOP a step", "GFLOP/s"] {
                #expect(outcome.output.contains(part))
            }
            #expect(lines.map(\.count).max() ?? 0 <= 80)
            let json = try tool.run(Self.training + ["--force", "--profile", "--json"])
            #expect(json.output.hasPrefix("{") && json.errors.contains("peak memory"))
        }
    }

    @Test("Curves are written into the run, and its layers are shown")
    func curves() throws {
        try withTool { tool in
            #expect(try tool.run(Self.training).exitCode == 0)
            let arguments = ["evaluate", "run", "--curves", "--threads", "1"]
            let outcome = try tool.run(arguments)
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            #expect(outcome.output.hasPrefix("validation, 6 examples"))
            let file = tool.folder.appendingPathComponent("run/curves.json")
            let first = try JSONNode(contentsOf: file)
            #expect(try first.required("draws").integer() == 3)
            #expect(try tool.run(arguments + ["--draws", "2", "--json"]).exitCode == 0)
            #expect(try JSONNode(contentsOf: file).required("draws").integer() == 2)
            let inspected = try tool.run(["inspect", "run"]).output
            let groups = inspected.split(separator: "\n").filter { $0.contains(" to ") }
            #expect(groups.map { $0.split(separator: " ")[0] }.contains("v_proj.lora_B"))
            #expect(groups.count == 5 && groups.allSatisfy { $0.count <= 80 })
            #expect(try tool.run(Self.training + ["--force"]).exitCode == 0)
            #expect(!FileManager.default.fileExists(atPath: file.path))
        }
    }

    @Test("Predictions take rows with and without labels, through files, pipes and links")
    func predictions() throws {
        try withTool { tool in
            #expect(try tool.run(Self.training).exitCode == 0)
            let rows = """
                {"id": "a", "prompt": "x is", "choices": ["even", "odd"], "label": 1}
                {"prompt": "x is", "choices": ["a", "b", "c"]}

                """
            let input = tool.folder.appendingPathComponent("rows.jsonl")
            try Data(rows.utf8).write(to: input)
            let arguments = ["predict", "run", "--input", "rows.jsonl", "--threads", "1"]
            #expect(try tool.run(arguments + ["--output", "answers.jsonl"]).exitCode == 0)
            let answers = tool.folder.appendingPathComponent("answers.jsonl")
            let text = try String(contentsOf: answers, encoding: .utf8)
            #expect(text.split(separator: "\n").count == 2)
            // A link of our own: a wrong tool would put a file in its place.
            let link = tool.folder.appendingPathComponent("link").path
            let standardOutput = "/dev/fd/1"
            try FileManager.default.createSymbolicLink(
                atPath: link,
                withDestinationPath: standardOutput
            )
            let outcome = try tool.run(arguments + ["--output", "link"])
            #expect(outcome.output == text)
            #expect(
                try FileManager.default.destinationOfSymbolicLink(atPath: link) == standardOutput
            )
        }
    }

    @Test("A run is not replaced, unless asked, nor read on another base")
    func protected() throws {
        try withTool { tool in
            #expect(try tool.run(Self.training).exitCode == 0)
            let again = try tool.run(Self.training)
            #expect(again.exitCode == 1)
            #expect(again.errorLines.first?.contains("--resume") == true)
            let other = try tool.run(["train", "--resume", "--output", "run", "--seed", "3"])
            #expect(other.exitCode == 1)
            #expect(other.errorLines.first?.contains("seed 21, but 3") == true)
            #expect(try tool.run(Self.training + ["--force"]).exitCode == 0)
            try spoil(tool.folder.appendingPathComponent("model/model.safetensors"))
            let based = try tool.run(["evaluate", "run"])
            #expect(based.exitCode == 1)
            #expect(based.errorLines.first?.contains("base model") == true)
        }
    }

    @Test("An adapter changed by hand no longer belongs to its posterior")
    func changedAdapter() throws {
        try withTool { tool in
            #expect(try tool.run(Self.training).exitCode == 0)
            try spoil(tool.folder.appendingPathComponent("run/adapter_model.safetensors"))
            let outcome = try tool.run(["evaluate", "run"])
            #expect(outcome.exitCode == 1)
            #expect(outcome.errorLines.first?.contains("posterior.safetensors: adapter") == true)
        }
    }

    @Test("Texts become ids, those of standard input too")
    func tokenize() throws {
        try withTool { tool in
            let texts = #"{"text": "Hello world"}"# + "\n" + #"{"text": ""}"# + "\n"
            try Data(texts.utf8).write(to: tool.folder.appendingPathComponent("texts.jsonl"))
            let arguments = ["tokenize", "--model", "model", "--input", "texts.jsonl"]
            let lines = try tool.run(arguments).output.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.last == #"{"ids":[]}"#)
            #expect(try tool.run(["tokenize", "--model", "model"]).output.isEmpty)
        }
    }

    @Test("An evaluation says on standard error what it took, apart from its results")
    func evaluationTime() throws {
        try withTool { tool in
            #expect(try tool.run(Self.training).exitCode == 0)
            let drawn = try tool.run(["evaluate", "run", "--threads", "1", "--json"])
            let line = #/(?m)^6 examples, 3 draws: [0-9]+\.[0-9]{2} s$/#
            #expect(drawn.errors.contains(line), "\(drawn.errors)")
            #expect(!drawn.output.contains(line))
            let base = ["evaluate", "--model", "model", "--task", "task", "--limit", "2"]
            let point = try tool.run(base + ["--threads", "1"])
            #expect(point.errors.contains(#/(?m)^2 examples: [0-9.]+ s$/#))
        }
    }

    @Test(
        "A run is evaluated in its own precision by default",
        arguments: [
            ("base-precision", "int8", "int8-dynamic"), ("compute", "bfloat16", "bfloat16"),
        ]
    )
    func precision(_ key: String, _ value: String, _ last: String) throws {
        try withTool { tool in
            let training = Self.training + ["--\(key)", value]
            #expect(try tool.run(training).exitCode == 0)
            func evaluated(_ arguments: [String] = []) throws -> String {
                let outcome = try tool.run(
                    ["evaluate", "run", "--threads", "1", "--json"] + arguments
                )
                #expect(outcome.exitCode == 0, "\(outcome.errors)")
                return outcome.output
            }
            #expect(try evaluated() == evaluated(["--\(key)", value]))
            #expect(try evaluated() != evaluated(["--\(key)", "float32"]))
            for command in [["train", "--task", "task", "--output", "other"], ["evaluate"]] {
                let outcome = try tool.run(
                    command + ["--model", "model", "--\(key)", "int4"]
                )
                #expect(outcome.exitCode == 64)
                let line = try #require(outcome.errorLines.first)
                #expect(line.contains("--\(key)") && line.contains(last))
            }
        }
    }

    @Test("Output that is no terminal has no control characters")
    func plainOutput() throws {
        try withTool { tool in
            let outcome = try tool.run(Self.training)
            let text = outcome.output + outcome.errors
            #expect(!text.contains("\u{1B}") && !text.contains("\r"))
            let widest = outcome.output.split(separator: "\n").map(\.count).max() ?? 0
            #expect((1...80).contains(widest))
        }
    }

    /// Changes the sign of the last element.
    private func spoil(_ file: URL) throws {
        var data = try Data(contentsOf: file)
        data[data.count - 1] ^= 0x80
        try data.write(to: file)
    }
}
