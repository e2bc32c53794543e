import Foundation
import TestSupport
import Testing

/// What the tool says about input that it cannot use.
struct BadInput: CustomTestStringConvertible, Sendable {
    let name: String
    let arguments: [String]
    let exitCode: Int32
    /// What the one sentence must hold.
    let says: [String]
    /// Spoils the files in the working folder.
    let spoil: @Sendable (URL) throws -> Void

    init(
        _ name: String,
        _ arguments: [String],
        exitCode: Int32 = 1,
        says: [String],
        spoil: @escaping @Sendable (URL) throws -> Void = { _ in }
    ) {
        self.name = name
        self.arguments = arguments
        self.exitCode = exitCode
        self.says = says
        self.spoil = spoil
    }

    var testDescription: String { name }
}

private let train = [
    "train", "--model", "model", "--task", "task", "--steps", "2", "--threads", "1",
    "--output", "new",
]

/// Replaces a text of a file, once or more.
private func edit(_ name: String, _ old: String, _ new: String) -> @Sendable (URL) throws -> Void {
    { folder in
        let file = folder.appendingPathComponent(name)
        let text = try String(contentsOf: file, encoding: .utf8)
        try #require(text.contains(old))
        try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: file)
    }
}

private func write(_ name: String, _ text: String) -> @Sendable (URL) throws -> Void {
    { try Data(text.utf8).write(to: $0.appendingPathComponent(name)) }
}

private func truncate(_ name: String, to length: Int) -> @Sendable (URL) throws -> Void {
    { folder in
        let file = folder.appendingPathComponent(name)
        try Data(contentsOf: file).prefix(length).write(to: file)
    }
}

private func row(_ text: String) -> @Sendable (URL) throws -> Void {
    write("task/train.jsonl", text + "\n")
}

extension BadInput {
    static let files = [
        BadInput(
            "truncated weights",
            train,
            says: ["model.safetensors", "2000"],
            spoil: truncate("model/model.safetensors", to: 2000)
        ),
        BadInput(
            "no weights",
            train,
            says: ["model", "safetensors"],
            spoil: { try FileManager.default.removeItem(atPath: $0.path + weights) }
        ),
        BadInput(
            "unknown model type",
            train,
            says: ["config.json", "model_type", "gpt9", "llama"],
            spoil: edit("model/config.json", #""llama""#, #""gpt9""#)
        ),
        BadInput(
            "a shape that disagrees",
            train,
            says: ["gate_proj", "[48, 32]", "[64, 32]"],
            spoil: edit("model/config.json", "48", "64")
        ),
        BadInput(
            "surplus tensors",
            train,
            says: ["model.layers.1"],
            spoil: edit("model/config.json", #"layers": 2"#, #"layers": 1"#)
        ),
        BadInput(
            "missing tensors",
            train,
            says: ["model.layers.2"],
            spoil: edit("model/config.json", #"layers": 2"#, #"layers": 3"#)
        ),
        BadInput(
            "no JSON in config.json",
            train,
            says: ["config.json"],
            spoil: write("model/config.json", "{")
        ),
        BadInput(
            "a key twice in config.json",
            train,
            says: ["config.json", "line 1, column ", "found \"model_type\" once more"],
            spoil: edit("model/config.json", "{", #"{"model_type": "llama", "#)
        ),
        BadInput(
            "a comma too many in texts",
            ["tokenize", "--model", "model", "--input", "texts.jsonl"],
            says: ["texts.jsonl:2", "column 13", "'}' after a comma"],
            spoil: write("texts.jsonl", "{\"text\":\"a\"}\n{\"text\":\"a\",}\n")
        ),
        BadInput(
            "a table in place of rows",
            train,
            says: ["train.jsonl", "CSV", "choices"],
            spoil: row("text,label\ngood,1")
        ),
        BadInput(
            "no JSON in tokenizer.json",
            train,
            says: ["tokenizer.json"],
            spoil: truncate("model/tokenizer.json", to: 300)
        ),
        BadInput(
            "a token that the model has no embedding for",
            train,
            says: ["tokenizer.json", "<far>", "train.jsonl:1", "number 600", "below 600"],
            spoil: { folder in
                let first = #"[{"id":0,"content":"<|endoftext|>""#
                let far = first.replacingOccurrences(of: "0", with: "600")
                    .replacingOccurrences(of: "<|endoftext|>", with: "<far>")
                let flags =
                    #","single_word":false,"lstrip":false,"rstrip":false,"#
                    + #""normalized":false,"special":true},"#
                try edit("model/tokenizer.json", first, far + flags + first.dropFirst())(folder)
                try row(#"{"prompt": "x <far>", "choices": ["a", "b"], "label": 0}"#)(folder)
            }
        ),
        BadInput(
            "an adapter of PEFT in the place of a run",
            ["evaluate", "adapter"],
            says: ["adapter", "recipe.yaml", "merge_and_unload", "--model"],
            spoil: { folder in
                try FileManager.default.copyItem(
                    at: Golden.folder("Models/llama2/adapter"),
                    to: folder.appendingPathComponent("adapter")
                )
            }
        ),
        BadInput(
            "a GGUF file without content",
            ["inspect", "x.gguf"],
            says: ["x.gguf", "ends after the file"],
            spoil: write("x.gguf", "GG")
        ),
        BadInput(
            "a row that is no JSON",
            train,
            says: ["train.jsonl:1", "JSON"],
            spoil: row(#"{"prompt": "x"#)
        ),
        BadInput(
            "a label out of range",
            train,
            says: ["train.jsonl:1", "label", "2", "0...1"],
            spoil: row(#"{"prompt": "x is", "choices": ["a", "b"], "label": 2}"#)
        ),
        BadInput(
            "an answer not among the choices",
            train,
            says: ["train.jsonl:1", "E", "A"],
            spoil: row(#"{"question": "x", "choices": ["a", "b"], "answer": "E"}"#)
        ),
        BadInput(
            "choices that are the same",
            train,
            says: ["train.jsonl:1", "told apart"],
            spoil: row(#"{"prompt": "x is", "choices": ["even x", "even x"], "label": 0}"#)
        ),
        BadInput(
            "an empty data set",
            train,
            says: ["train.jsonl", "no usable example"],
            spoil: write("task/train.jsonl", "")
        ),
        BadInput(
            "an unknown recipe key",
            train + ["--recipe", "r.yaml"],
            says: ["r.yaml", "lora-rank", "rank"],
            spoil: write("r.yaml", "lora-rank: 4\n")
        ),
        BadInput(
            "a recipe value out of range",
            train + ["--recipe", "r.yaml"],
            says: ["r.yaml: rank", "from 1 to", "-4"],
            spoil: write("r.yaml", "rank: -4\n")
        ),
        BadInput(
            "a recipe that is no YAML",
            train + ["--recipe", "r.yaml"],
            says: ["r.yaml", "not valid YAML"],
            spoil: write("r.yaml", "a: [1\n")
        ),
        BadInput(
            "a folder of other files",
            train,
            says: ["new", "mine.txt"],
            spoil: { folder in
                let new = folder.appendingPathComponent("new")
                try FileManager.default.createDirectory(
                    at: new,
                    withIntermediateDirectories: false
                )
                try Data().write(to: new.appendingPathComponent("mine.txt"))
            }
        ),
        BadInput(
            "an output that is a file",
            train,
            says: ["new", "found a file"],
            spoil: write("new", "")
        ),
    ]

    private static let weights = "/model/model.safetensors"

    static let settings = [
        BadInput(
            "a missing model",
            train + ["--model", "other"],
            says: ["other", "no such file"]
        ),
        BadInput(
            "a model not in the cache",
            train + ["--model", "some/model"],
            says: ["some/model", "hf download some/model"]
        ),
        BadInput("a missing task", train + ["--task", "other"], says: ["other", "arc-easy"]),
        BadInput(
            "a device that is not here",
            train + ["--device", "cuda:7"],
            says: ["device", "cpu", "cuda:7"]
        ),
        BadInput(
            "a layer that is not there",
            train + ["--target-modules", "other"],
            says: ["other", "q_proj"]
        ),
        BadInput(
            "a loss that is not finite",
            train + ["--learning-rate", "1e30"]
                + ["--clip-radius", ".inf"],
            says: ["loss", "step", "train-"]
        ),
        BadInput(
            "a rate beyond float32, of IVON",
            train + ["--learning-rate", "1e300", "--method", "ivon"],
            says: ["loss", "step", "train-"]
        ),
        BadInput(
            "a rate beyond float32, of AdamW",
            train + ["--learning-rate", "1e300", "--method", "adamw"],
            says: ["loss", "step", "train-"]
        ),
        BadInput(
            "a rate beyond float32, of SGD",
            train + ["--learning-rate", "1e300", "--method", "sgd"],
            says: ["loss", "step", "train-"]
        ),
        BadInput("no such recipe", train + ["--recipe", "other"], says: ["other", "arc-easy"]),
        BadInput("no run", ["evaluate", "task"], says: ["task", "recipe.yaml"]),
        BadInput("nothing to inspect", ["inspect", "other"], says: ["other", "no such file"]),
        BadInput(
            "no threads",
            train + ["--threads", "0"],
            exitCode: 64,
            says: ["--threads", "from 1 to 1024", "0"]
        ),
        BadInput(
            "a negative number",
            train + ["--steps=-3"],
            exitCode: 64,
            says: ["--steps", "from 1", "-3"]
        ),
        BadInput(
            "an unknown key",
            train + ["--set", "foo=1"],
            exitCode: 64,
            says: ["foo", "rank"]
        ),
        BadInput(
            "a value out of range",
            train + ["--set", "dropout=1"],
            exitCode: 64,
            says: ["--set", "dropout", "1"]
        ),
        BadInput("an unknown option", train + ["--foo"], exitCode: 64, says: ["--foo"]),
        BadInput("an unknown command", ["foo"], exitCode: 64, says: ["foo"]),
        BadInput(
            "no model",
            ["train", "--task", "task", "--output", "new"],
            exitCode: 64,
            says: ["--model"]
        ),
        BadInput("nothing to evaluate", ["evaluate"], exitCode: 64, says: ["run", "--model"]),
        BadInput(
            "a way to answer for a base model",
            ["evaluate", "--model", "model", "--task", "task", "--predictive", "draws"],
            exitCode: 64,
            says: ["--predictive", "a base model has no posterior"]
        ),
        BadInput(
            "curves of another way to answer",
            ["evaluate", "run", "--curves", "--predictive", "draws"],
            exitCode: 64,
            says: ["--curves and --predictive exclude each other"]
        ),
        BadInput(
            "a negative variance",
            ["evaluate", "x", "--variance-scale=-1"],
            exitCode: 64,
            says: ["--variance-scale"]
        ),
        BadInput(
            "curves of another task",
            ["evaluate", "x", "--curves", "--task", "task"],
            exitCode: 64,
            says: ["--curves", "--task"]
        ),
        BadInput(
            "resume and force",
            train + ["--resume", "--force"],
            exitCode: 64,
            says: ["--resume", "--force"]
        ),
        BadInput(
            "resume of nothing",
            ["train", "--resume", "--output", "new"],
            exitCode: 64,
            says: ["--resume", "new"]
        ),
    ]

    /// Values of flags, each with the words of its reason.
    static let flags: [BadInput] = [
        ("train", "steps", "-1", "from 1"), ("train", "seed", "-1", "from 0"),
        ("train", "alpha", "-1", "a positive number"), ("train", "rank", "x", "from 1"),
        ("train", "learning-rate", "-0.1", "a positive number"),
        ("train", "method", "-x", "ivon, ivon-auto, adamw"),
        ("train", "debias", "-1", "true or false"),
        ("train", "rank-timeout", "-1", "from 1 to 1000000"),
        ("compare", "seeds", "-1", "numbers from 0"), ("compare", "swag-rate", "-1", "from 1e-6"),
        ("compare", "steps", "-1", "from 1"), ("estimate", "steps", "-1", "from 1"),
        ("evaluate", "draws", "x", "from 1"), ("evaluate", "draws", "-1", "from 1"),
        ("evaluate", "variance-scale", "-1", "at least 0"), ("evaluate", "limit", "1.5", "from 1"),
        ("evaluate", "threads", "-1", "from 1 to 1024"), ("evaluate", "seed", "-1", "from 0"),
        ("evaluate", "max-length", "-1", "from 2"), ("evaluate", "split", "-1", "validation"),
        ("evaluate", "base-precision", "-1", "int8"),
        ("evaluate", "compute", "float16", "bfloat16"), ("train", "compute", "-1", "bfloat16"),
        ("predict", "draws", "x", "from 1"), ("predict", "variance-scale", "-1", "at least 0"),
        ("demo", "seed", "-1", "from 0"),
    ]
    .map { command, flag, value, expected in
        let others = [
            "train": ["--model", "model", "--task", "task", "--output", "new"],
            "compare": ["--model", "model", "--task", "task", "--output", "new"],
            "estimate": ["--model", "model", "--task", "task"], "evaluate": ["run"],
            "predict": ["run", "--input", "i", "--output", "o"],
        ]
        return BadInput(
            "\(command) --\(flag) \(value)",
            [command] + (others[command] ?? []) + ["--\(flag)", value],
            exitCode: 64,
            says: ["--\(flag)", expected, value]
        )
    }
}

@Suite("Bad input")
struct BadInputTests {
    @Test("One sentence, the right exit code, no output", arguments: BadInput.files)
    func file(_ input: BadInput) throws { try input.check() }

    @Test("One sentence, the right exit code, no output of", arguments: BadInput.settings)
    func setting(_ input: BadInput) throws { try input.check() }

    @Test("A reason, and not the usage, for", arguments: BadInput.flags)
    func flag(_ input: BadInput) throws { try input.check() }
}

extension BadInput {
    /// Expects one sentence, the exit code, no output and no results.
    func check() throws {
        try withTool { tool in
            try spoil(tool.folder)
            let outcome = try tool.run(arguments)
            #expect(!outcome.isKilled)
            #expect(outcome.exitCode == exitCode)
            #expect(outcome.output.isEmpty)
            #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
            #expect(!outcome.errors.contains("Usage:"))
            for text in says {
                #expect(outcome.errorLines.first?.contains(text) == true, "\(outcome.errors)")
            }
            for name in ["metrics.json", "comparison.yaml"] {
                let file = tool.folder.appendingPathComponent("new/\(name)")
                #expect(!FileManager.default.fileExists(atPath: file.path))
            }
        }
    }
}
