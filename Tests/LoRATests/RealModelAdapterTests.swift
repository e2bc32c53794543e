import Foundation
import JSON
import LanguageModels
import Optimizers
import TestSupport
import Testing
import Torch

@testable import LoRA

@Suite(
    "An adapter of SmolLM2-135M computes what PEFT computes",
    .enabled(if: RealModel.isWanted, "VARLORA_DEMO does not name the demo model's folder")
)
struct RealModelAdapterTests {
    /// The golden file's formula: every matrix from its layer, projection and indices.
    private func fill(_ parameters: FlatParameters) {
        for entry in parameters.entries {
            let layer = entry.name.split(separator: ".").compactMap { Double($0) }.first ?? 0
            let phase = layer + (entry.name.contains("v_proj") ? 0.5 : 0)
            let (rows, columns) = (entry.shape[0], entry.shape[1])
            let values = (0..<rows * columns).map { index -> Float in
                let (i, j) = (Double(index / columns), Double(index % columns))
                return entry.name.contains("lora_A")
                    ? Float(sin(1 + i + 3 * j + phase) / Double(columns).squareRoot())
                    : Float(0.02 * cos(1 + 2 * i + j + phase))
            }
            FlatParameters.view(parameters.values, entry)
                .copyInPlace(Tensor(values, shape: entry.shape))
        }
    }

    @Test("Logits, loss and gradients")
    func gradients() throws {
        let golden = try RealModel.golden().required("adapter")
        try RealModel.use { model in
            var settings = LoRASettings()
            settings.dropout = 0
            let layout = try LoRALayout(settings, for: model.model)
            let parameters = FlatParameters(layout.parameters)
            fill(parameters)
            let adapters = LoRAAdapters(layout, on: model.model, parameters: parameters.tensors)
            defer { adapters.detach() }
            let questions = try golden.required("questions").elements()
            var total = 0.0
            for question in questions {
                let ids = try question.required("ids").integers()
                let batch = PackedTokens([ids], sharesPrefix: false)
                let answers = try question.required("answer_tokens").integers()
                let logits = model.model.logits(
                    model.model.hiddenStates(batch, at: batch.wantedRows),
                    of: answers
                )
                let expected = Tensor(
                    try question.required("logits").numbers(),
                    shape: logits.shape
                )
                #expect(logits.to(.float64).largestDifference(to: expected) < 1e-3)
                let label = Tensor([try question.required("label").integer()])
                let loss = logits.logSoftmax(along: 1).negativeLogLikelihood(label)
                #expect(try abs(loss.item - question.required("loss").number()) < 1e-3)
                total += loss.item / Double(questions.count)
                (loss * (1 / Double(questions.count))).backward()
            }
            #expect(try abs(total - golden.required("mean_loss").number()) < 1e-3)
            try check(parameters, try golden.required("gradients"))
        }
    }

    @Test("In bfloat16 the gradients point where those of float32 do")
    func bfloat16() throws {
        let file = try #require(RealModel.file)
        func results(_ model: any CausalLanguageModel) throws -> (logits: Tensor, gradients: Tensor)
        {
            var settings = LoRASettings()
            settings.dropout = 0
            let layout = try LoRALayout(settings, for: model)
            let parameters = FlatParameters(layout.parameters)
            fill(parameters)
            let adapters = LoRAAdapters(layout, on: model, parameters: parameters.tensors)
            defer { adapters.detach() }
            let questions = try RealModel.golden().required("adapter").required("questions")
            let sequences = try questions.elements().map { try $0.required("ids").integers() }
            let labels = try questions.elements().map { try $0.required("label").integer() }
            let answers = try questions.elements()[0].required("answer_tokens").integers()
            let batch = PackedTokens(sequences)
            let hidden = model.hiddenStates(batch, at: batch.wantedRows)
            let logits = model.logits(hidden, of: answers)
            logits.logSoftmax(along: 1).negativeLogLikelihood(Tensor(labels)).backward()
            return (logits, parameters.gradients)
        }
        let exact = try RealModel.use { try results($0.model) }
        let precision = Precision(compute: .bfloat16)
        let found = try results(LoadedModel(ModelLocation(file.path), precision: precision).model)
        func dot(_ a: Tensor, _ b: Tensor) -> Double { (a * b).sum().item }
        let (a, b) = (found.gradients, exact.gradients)
        #expect(dot(a, b) >= 0.999 * (dot(a, a) * dot(b, b)).squareRoot())
        #expect((0.001..<0.2).contains(found.logits.largestDifference(to: exact.logits)))
    }

    private func check(_ parameters: FlatParameters, _ gradients: JSONNode) throws {
        let members = try gradients.members()
        #expect(members.count == 12)
        for member in members {
            let (name, expected) = (member.key, try gradients.required(member.key))
            let entry = try #require(parameters.entries.first { $0.name == name })
            let found = FlatParameters.view(parameters.gradients, entry).doubles
            let norm = try expected.required("norm").number()
            let foundNorm = found.reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(abs(foundNorm / norm - 1) < 1e-3, "\(name)")
            // The size of an element of this gradient.
            let size = norm / Double(found.count).squareRoot()
            for (value, element) in zip(found, try expected.required("first").numbers()) {
                #expect(abs(value - element) < 1e-2 * size, "\(name)")
            }
        }
    }
}
