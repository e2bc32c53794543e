import Foundation
import TensorFiles
import Torch

/// A folder with a tiny random Llama, a real tokenizer, and a task that it can learn.
///
/// The right answer depends on the last word of the prompt alone.
public struct TinyTask: Sendable {
    /// The model's folder: `config.json`, `model.safetensors`, `tokenizer.json`.
    public let model: URL
    /// The task's folder: `train.jsonl`, `validation.jsonl`, `test.jsonl`.
    public let task: URL

    private let vocabulary: Int

    /// Tokens of the whole tokenizer; the task's own prompts need no more than 600.
    public static let wholeVocabulary = 49_152

    /// Writes model and task into `folder`; the model's weights come from `seed`.
    public init(in folder: URL, seed: UInt64 = 1, vocabulary: Int = 600) throws {
        self.vocabulary = vocabulary
        model = folder.appendingPathComponent("model-\(seed)")
        task = folder.appendingPathComponent("task")
        for folder in [model, task] {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }
        try writeModel(Generator(seed: seed))
        try writeTask()
    }

    private static let (hidden, inner, layers, heads, keyHeads) = (32, 48, 2, 4, 2)

    private func writeModel(_ generator: Generator) throws {
        let configuration: [String: Any] = [
            "model_type": "llama", "vocab_size": vocabulary, "hidden_size": Self.hidden,
            "intermediate_size": Self.inner, "num_hidden_layers": Self.layers,
            "num_attention_heads": Self.heads, "num_key_value_heads": Self.keyHeads,
            "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 1e4,
            "hidden_act": "silu", "tie_word_embeddings": true,
        ]
        try JSONSerialization.data(withJSONObject: configuration)
            .write(to: model.appendingPathComponent("config.json"))
        let weights = shapes.map { name, shape in
            let isNorm = shape.count == 1
            // Every layer keeps the size of its input, so that the answer depends on all of them.
            let scale = name.contains("embed") ? 1 : 1 / Double(shape.last ?? 1).squareRoot()
            let values =
                isNorm
                ? [Float](repeating: 1, count: shape[0])
                : (generator.normal(shape) * scale).floats
            return TensorToWrite(
                name: name,
                elementType: .float32,
                shape: shape,
                bytes: values.withUnsafeBytes { Data($0) }
            )
        }
        try Safetensors.write(weights, to: model.appendingPathComponent("model.safetensors"))
        try FileManager.default.copyItem(
            at: Golden.folder("Tokenizers/smollm2.tokenizer.json"),
            to: model.appendingPathComponent("tokenizer.json")
        )
    }

    private var shapes: [(name: String, shape: [Int])] {
        let (hidden, inner) = (Self.hidden, Self.inner)
        let keys = hidden / Self.heads * Self.keyHeads
        let blocks = (0..<Self.layers).flatMap { layer in
            [
                ("input_layernorm", [hidden]), ("self_attn.q_proj", [hidden, hidden]),
                ("self_attn.k_proj", [keys, hidden]), ("self_attn.v_proj", [keys, hidden]),
                ("self_attn.o_proj", [hidden, hidden]), ("post_attention_layernorm", [hidden]),
                ("mlp.gate_proj", [inner, hidden]), ("mlp.up_proj", [inner, hidden]),
                ("mlp.down_proj", [hidden, inner]),
            ].map { ("model.layers.\(layer).\($0).weight", $1) }
        }
        return [("model.embed_tokens.weight", [vocabulary, hidden])] + blocks
            + [("model.norm.weight", [hidden])]
    }

    private func writeTask() throws {
        let subjects = ["The day", "Your work", "My life", "The world"]
        let (good, bad) = (["good", "great", "right", "new"], ["old", "last", "little", "under"])
        var rows: [String] = []
        for subject in subjects {
            for (word, label) in zip(good, bad).flatMap({ [($0, 0), ($1, 1)] }) {
                rows.append(
                    #"{"id": "\#(rows.count)", "prompt": "\#(subject) is \#(word)", "#
                        + #""choices": ["true", "false"], "label": \#(label)}"#
                )
            }
        }
        let parts = [("train", 0..<20), ("validation", 20..<26), ("test", 26..<32)]
        for (name, range) in parts {
            try Data((rows[range].joined(separator: "\n") + "\n").utf8)
                .write(to: task.appendingPathComponent("\(name).jsonl"))
        }
    }
}
