import Foundation
import JSON
import TensorFiles
import TestSupport
import Testing
import Torch

@testable import LanguageModels

/// Models with one fault each, and the sentence that names it.
@Suite("Faulty models are refused in one sentence")
struct LoadingTests {
    /// A copy of the tiny llama2 whose configuration is changed by `edits`.
    private func load(_ edits: [String: Any?], in folder: URL) throws {
        let source = Golden.folder("Models/llama2")
        let data = try Data(contentsOf: source.appendingPathComponent("config.json"))
        guard var object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            return
        }
        for (key, value) in edits { object[key] = value }
        try JSONSerialization.data(withJSONObject: object)
            .write(to: folder.appendingPathComponent("config.json"))
        try FileManager.default.createSymbolicLink(
            at: folder.appendingPathComponent("model.safetensors"),
            withDestinationURL: source.appendingPathComponent("model.safetensors")
        )
        _ = try ModelFiles(.folder(folder)).build()
    }

    @Test(
        "Configurations",
        arguments: [
            (#"{"model_type": "bert"}"#, "model_type: \"bert\" is not supported"),
            (#"{"hidden_act": "gelu"}"#, "hidden_act: \"gelu\" is not supported"),
            (#"{"vocab_size": 50}"#, "model.embed_tokens.weight has shape"),
            (#"{"hidden_size": "32"}"#, "hidden_size: expected an integer"),
            (#"{"hidden_size": null}"#, "expected a value for \"hidden_size\", found none"),
            (
                #"{"num_hidden_layers": 3}"#,
                "tensor model.layers.2.self_attn.q_proj.weight is missing"
            ),
            (
                #"{"num_hidden_layers": 1}"#,
                "tensors that the model does not use, such as model.layers.1"
            ),
            (
                #"{"num_attention_heads": 3}"#,
                "key head count should be a divisor of the 3 query heads"
            ),
            (#"{"rope_scaling": {"type": "ntk", "factor": 2}}"#, "\"ntk\" is not supported"),
            (#"{"num_attention_heads": -1}"#, "num_attention_heads: expected an integer"),
            (
                #"{"head_dim": 7}"#,
                "head size should be a positive even number up to 65536, found 7"
            ),
            (#"{"head_dim": 1048576}"#, "even number up to 65536, found 1048576"),
            (
                #"{"num_hidden_layers": 1073741824}"#,
                "num_hidden_layers: expected an integer from 1 to 10000, found 1073741824"
            ),
        ]
    )
    func configurations(_ change: String, _ sentence: String) throws {
        let node = try JSONNode(parsing: change.utf8, file: "change")
        var edits: [String: Any?] = [:]
        for member in try node.members() {
            let json = #"[\#(change.dropFirst(1).drop { $0 != ":" }.dropFirst().dropLast())]"#
            let list = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [Any]
            edits[member.key] = list?.first is NSNull ? .some(nil) : list?.first
        }
        try withTemporaryFolder { folder in
            let error = #expect(throws: (any Error).self) { try load(edits, in: folder) }
            let text = "\(error.map { "\($0)" } ?? "none")"
            #expect(text.contains(sentence), "\(text)")
        }
    }

    @Test("An adapter of PEFT in the place of a model says what to do")
    func adapter() throws {
        let folder = Golden.folder("Models/llama2/adapter")
        let error = #expect(throws: ModelError.self) { try ModelFiles(.folder(folder)) }
        #expect(error?.description.contains("found an adapter without a config.json") == true)
    }

    @Test("Equal weights have equal fingerprints, other weights others")
    func fingerprints() throws {
        func fingerprint(_ name: String) throws -> String {
            let archive = try ShardedCheckpoint(contentsOf: Golden.folder("Models/\(name)"))
            return try HuggingFaceWeights(archive, seesImages: false).fingerprint()
        }
        #expect(try fingerprint("mistral") == fingerprint("mistral-window"))
        #expect(try fingerprint("llama2") != fingerprint("smollm2"))
    }
}
