import ChatTemplates
import Comparison
import Foundation
import JSON
import LanguageModels
import LoRA
import Metrics
import Optimizers
import Posteriors
import Reporting
import RunFiles
import TensorFiles
import TextTasks
import Tokenization
import Torch
import Training

extension FuzzedParser {
    private static let golden = "Tests/References/Golden"
    private static let own = "Fuzz/Seeds"

    /// Every parser: a row for each.
    public static let all = [
        FuzzedParser(name: "safetensors", seeds: [(golden + "/Files", ".safetensors")]) {
            let file = try Safetensors(contentsOf: written($0, "model.safetensors", $1))
            for name in file.names { _ = try file.bytes(of: name) }
        },
        FuzzedParser(
            name: "gguf",
            seeds: [
                (golden + "/Files", "-v2.gguf"), (golden + "/Files", "-v3.gguf"), (own, ".gguf"),
            ]
        ) {
            let file = try GGUF(contentsOf: written($0, "model.gguf", $1))
            for name in file.names {
                _ = try file.bytes(of: name)
                guard let tensor = file.tensors[name], tensor.elementCount < 4096 else { continue }
                _ = try? file.dequantized(name)
            }
        },
        // Settings and tokenizer of a GGUF file.
        FuzzedParser(name: "gguf-model", seeds: [(own, ".gguf")]) {
            let model = try ModelFiles(.gguf(written($0, "model.gguf", $1)))
            try exercise(model.loadTokenizer())
        },
        FuzzedParser(name: "tokenizer", seeds: [(golden + "/Tokenizers", ".tokenizer.json")]) {
            input,
            _ in
            try exercise(Tokenizer(data: input, file: "tokenizer.json"))
        },
        FuzzedParser(name: "chat-template", seeds: [(own, ".jinja")]) { input, _ in
            let text = String(decoding: input, as: UTF8.self)
            let source = ChatTemplateSource(text, file: "chat_template.jinja")
            _ = try ChatFrame(source).prompt("What is 2 + 2?")
        },
        FuzzedParser(
            name: "config",
            seeds: [
                (golden + "/Models", "/config.json"), (golden + "/Models", "transformers5.json"),
            ]
        ) { input, _ in
            _ = try DecoderSizes(configuration: JSONNode(parsing: input, file: "config.json"))
        },
        FuzzedParser(name: "rows", seeds: [(golden + "/Tasks", ".jsonl"), (own, ".jsonl")]) {
            let file = try written($0, "rows.jsonl", $1)
            // A task's own rows, or else the user's.
            let tasks = ["arc-easy", "winogrande-s", "boolq"]
            if tasks.contains(where: { (try? TextTask.load(file: file, task: $0)) != nil }) {
                return
            }
            _ = try TextTask.load(file: file, task: "", labels: ["a", "b"])
        },
        FuzzedParser(name: "table", seeds: [(own, ".csv")]) {
            let file = try written($0, "rows.csv", $1)
            _ = try TextTask.load(file: file, task: "", labels: ["a", "b"])
        },
        // What a server is asked, as far as it is questions.
        FuzzedParser(name: "questions", seeds: [(own, "request.json")]) { input, _ in
            let asked = try StatedQuestions(JSONNode(parsing: input, file: "body"))
            var style = PromptStyle()
            style.orders = 3
            _ = try asked.examples(id: "request", style: style)
        },
        FuzzedParser(
            name: "recipe",
            seeds: [("recipes", "ivon.yaml"), ("recipes", "adamw.yaml"), ("recipes", "boolq.yaml")]
        ) { input, _ in
            let recipe = try Recipe(yaml: String(decoding: input, as: UTF8.self), place: "recipe")
            let again = try Recipe(yaml: recipe.yaml, place: "its own text")
            precondition(again == recipe, "written and read again, the recipe is another")
        },
        FuzzedParser(name: "comparison", seeds: [("recipes/comparisons", ".yaml")]) { input, _ in
            let text = String(decoding: input, as: UTF8.self)
            let recipe = try ComparisonRecipe(yaml: text, place: "comparison")
            let again = try ComparisonRecipe(yaml: recipe.yaml, place: "its own text")
            precondition(again == recipe, "written and read again, the comparison is another")
        },
        FuzzedParser(name: "posterior", seeds: [(own, "posterior.safetensors")]) {
            let file = try written($0, PosteriorFile.name, $1)
            _ = try PosteriorFile(contentsOf: file, for: adapter)
        },
        FuzzedParser(name: "state", seeds: [(own, "state.safetensors")]) {
            let file = try written($0, "state.safetensors", $1)
            let folder = file.deletingLastPathComponent()
            _ = try Checkpoint(folder, of: 10, into: adapter, optimizer)
        },
        FuzzedParser(name: "metrics", seeds: [(own, "metrics.json")]) { input, _ in
            _ = try JSONFile.read(RunMetrics.self, from: input, file: "metrics.json")
        },
        FuzzedParser(name: "policy", seeds: [(own, "policy.json")]) { input, _ in
            _ = try JSONFile.read(DecisionPolicy.self, from: input, file: "policy.json")
        },
        FuzzedParser(name: "results", seeds: [(own, "results.json")]) {
            let file = try written($0, "results.json", $1)
            _ = try ComparisonRecord(folder: file.deletingLastPathComponent())
        },
        FuzzedParser(name: "adapter", seeds: [(golden + "/Models", "adapter_config.json")]) {
            let file = try written($0, "adapter_config.json", $1)
            _ = try PEFTFolder.settings(in: file.deletingLastPathComponent())
        },
    ]

    private static func written(_ input: Data, _ name: String, _ folder: URL) throws -> URL {
        let file = folder.appendingPathComponent(name)
        try input.write(to: file)
        return file
    }

    /// Encodes and decodes a text of several scripts.
    private static func exercise(_ tokenizer: Tokenizer) throws {
        let text = " Hello, it's 1234 fois\u{301}\n\n  naïve 日本語\t<s> 👩‍💻 \u{a0}x"
        _ = try tokenizer.decode(tokenizer.encode(text))
    }

    // The fuzzer has one thread; a reader that refuses a file changes neither.
    /// Parameters of a tiny adapter, as the seeds have them.
    nonisolated(unsafe) private static let adapter = FlatParameters([
        ("x.q_proj.lora_A.weight", [2, 3]), ("x.q_proj.lora_B.weight", [4, 2]),
    ])
    nonisolated(unsafe) private static let optimizer = IVON(
        adapter,
        learningRate: 0.1,
        settings: IVON.Settings(effectiveSampleSize: 10)
    ) { _, _ in .zeros(like: adapter.values) }
}
