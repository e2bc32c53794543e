import ChatTemplates
import Foundation
import JSON
import TestSupport
import Testing
import Torch

@testable import LanguageModels

@Suite(
    "SmolLM2-135M computes what Transformers computes",
    .enabled(if: RealModel.isWanted, "VARLORA_DEMO does not name the demo model's folder")
)
struct RealModelTests {
    @Test("Token ids of every text")
    func tokens() throws {
        let texts = try RealModel.golden().required("texts").elements()
        try RealModel.use { model in
            for text in texts {
                let string = try text.required("text").string()
                let ids = try text.required("ids").integers()
                #expect(try model.tokenizer.encode(string) == ids, "\(string)")
                #expect(try model.tokenizer.decode(ids, skipSpecialTokens: false) == string)
            }
        }
    }

    @Test("The text that its chat template makes of conversations")
    func chat() throws {
        let file = Golden.folder("ChatTemplates/smollm2.json")
        try RealModel.use { model in
            let template = try ChatTemplate(try #require(model.tokenizer.chatTemplate))
            for row in try JSONNode(contentsOf: file).elements() {
                let messages = try row.required("messages").elements().map { message in
                    ChatTemplate.Message(
                        role: try message.required("role").string(),
                        content: try message.required("content").string()
                    )
                }
                #expect(try template.text(of: messages) == row.required("text").string())
            }
        }
    }

    @Test("Logits at the last position and inside the text")
    func logits() throws {
        let golden = try RealModel.golden()
        let probes = try golden.required("probe_ids").integers()
        try RealModel.use { model in
            for text in try golden.required("texts").elements() {
                let ids = try text.required("ids").integers()
                let batch = PackedTokens([ids], prefixLength: 0)
                let hidden = withoutGradients { model.model.hiddenStates(batch, at: .all) }
                for row in try text.required("positions").elements() {
                    let position = try row.required("position").integer()
                    let state = hidden.narrowed(0, start: position, length: 1)
                    let logits = withoutGradients { model.model.logits(state, of: nil) }.floats
                    let top = try row.required("top_ids").integers()
                    for (tokens, expected) in [
                        (top, try row.required("top_logits").numbers()),
                        (probes, try row.required("probe_logits").numbers()),
                    ] {
                        for (token, value) in zip(tokens, expected) {
                            #expect(abs(Double(logits[token]) - value) < 1e-3)
                        }
                    }
                    #expect(logits.indices.max { logits[$0] < logits[$1] } == top[0])
                }
            }
        }
    }
}
