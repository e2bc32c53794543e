import Foundation
import TensorFiles
import TestSupport

/// A Llama of two layers that has the vocabulary of the small SmolLM2 tokenizer.
enum TinyModel {
    private static let configuration = """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 32,
         "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "vocab_size": 600, "max_position_embeddings": 256,
         "tie_word_embeddings": true, "rms_norm_eps": 1e-5}
        """

    /// Shapes by name, `layer` standing for each layer's prefix.
    private static let shapes: [(name: String, shape: [Int])] =
        [("model.embed_tokens.weight", [600, 32])]
        + ["model.layers.0", "model.layers.1"].flatMap { layer in
            [
                ("self_attn.q_proj", [32, 32]), ("self_attn.k_proj", [16, 32]),
                ("self_attn.v_proj", [16, 32]), ("self_attn.o_proj", [32, 32]),
                ("mlp.gate_proj", [48, 32]), ("mlp.up_proj", [48, 32]),
                ("mlp.down_proj", [32, 48]), ("input_layernorm", [32]),
                ("post_attention_layernorm", [32]),
            ].map { ("\(layer).\($0.0).weight", $0.1) }
        } + [("model.norm.weight", [32])]

    static func write(to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(configuration.utf8).write(to: folder.appendingPathComponent("config.json"))
        try FileManager.default.copyItem(
            at: Golden.folder("Tokenizers/smollm2.tokenizer.json"),
            to: folder.appendingPathComponent("tokenizer.json")
        )
        // Numerical Recipes' generator; any numbers of moderate size do.
        var state: UInt32 = 1
        let tensors = shapes.map { name, shape in
            let values = (0..<shape.reduce(1, *)).map { _ -> Float in
                if shape.count == 1 { return 1 }
                state = state &* 1_664_525 &+ 1_013_904_223
                return Float(state >> 8) / Float(1 << 24) - 0.5
            }
            return TensorToWrite(
                name: name,
                elementType: .float32,
                shape: shape,
                bytes: values.withUnsafeBytes { Data($0) }
            )
        }
        try Safetensors.write(tensors, to: folder.appendingPathComponent("model.safetensors"))
    }
}

/// A task of two choices with twenty training and six other examples.
enum TinyTask {
    static func write(to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (part, count) in [("train", 20), ("validation", 6), ("test", 6)] {
            let lines = (0..<count).map {
                #"{"id": "\#(part)-\#($0)", "prompt": "The sum of \#($0 % 7) and \#($0 % 3) is", "#
                    + #""choices": ["even", "odd"], "label": \#(($0 % 7 + $0 % 3) % 2)}"# + "\n"
            }
            try Data(lines.joined().utf8).write(to: folder.appendingPathComponent("\(part).jsonl"))
        }
    }
}
