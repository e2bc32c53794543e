import Foundation
import JSON
import LanguageModels
import TestSupport
import Testing
import TextTasks
import Torch

@testable import Evaluation

@Suite(
    "SmolLM2-135M answers as in Transformers",
    .enabled(if: RealModel.isWanted, "VARLORA_DEMO does not name the demo model's folder")
)
struct RealModelAnswerTests {
    @Test("Prompts encoded and packed together give the logits of each prompt alone")
    func answers() throws {
        let questions = try RealModel.golden().required("adapter").required("questions").elements()
        try RealModel.use { model in
            let encoder = try ExampleEncoder(model.tokenizer, maximumLength: 320)
            let examples = try questions.enumerated().map { index, question in
                Example(
                    id: "\(index)",
                    prompt: try question.required("prompt").string(),
                    answers: try question.required("choices").elements().map { try $0.string() },
                    label: try question.required("label").integer()
                )
            }
            let (encoded, report) = try encoder.encode(examples)
            #expect(report.truncated == 0)
            let base = DrawnAnswers(AnswerScorer(model.model, adapters: nil, device: .cpu))
            let packed = try base.predictions(encoded).map { $0.draws[0] }
            let alone = try base.predictions(encoded, maximumTokens: 1).map { $0.draws[0] }
            for (index, question) in questions.enumerated() {
                #expect(try encoded[index].tokens == question.required("ids").integers())
                #expect(
                    try encoded[index].answers
                        == question.required("answer_tokens").integers().map { [$0] }
                )
                let logits = try question.required("base_logits").numbers()
                let total = log(logits.reduce(0) { $0 + exp($1) })
                for (place, logit) in logits.enumerated() {
                    #expect(abs(packed[index][place] - (logit - total)) < 1e-3)
                    #expect(abs(packed[index][place] - alone[index][place]) < 1e-4)
                }
            }
        }
    }
}
