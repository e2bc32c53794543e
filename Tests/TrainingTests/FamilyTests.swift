import Foundation
import Optimizers
import TensorFiles
import TestSupport
import Testing
import Torch

@testable import LanguageModels
@testable import Training

@Suite("Every model family")
struct FamilyTests {
    /// Puts a golden model with the tables of the tiny task's vocabulary into the tiny run's place.
    private func replaceModel(of tiny: TinyRun, by name: String) throws {
        let (source, folder) = (Golden.folder("Models/\(name)"), tiny.task.model)
        let place = source.appendingPathComponent("config.json")
        let data = try Data(contentsOf: place)
        var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        if var text = object["text_config"] as? [String: Any] {
            text["vocab_size"] = 600
            object["text_config"] = text
        } else {
            object["vocab_size"] = 600
        }
        try JSONSerialization.data(withJSONObject: object)
            .write(to: folder.appendingPathComponent("config.json"))
        let weights = try ModelFiles(.folder(source)).weights
        let generator = Generator(seed: 4)
        let tensors = try weights.tensors.sorted { $0.key < $1.key }.map { name, tensor in
            let isTable = ["model.embed_tokens.weight", "lm_head.weight"].contains(name)
            let shape = isTable ? [600, tensor.shape[1]] : tensor.shape
            let values =
                isTable
                ? generator.normal(shape) * 0.3
                : try weights.load(name, tensor.shape, as: .float32)
            return TensorToWrite(
                name: name,
                elementType: .float32,
                shape: shape,
                bytes: values.floats.withUnsafeBytes { Data($0) }
            )
        }
        try Safetensors.write(tensors, to: folder.appendingPathComponent("model.safetensors"))
    }

    @Test("A run is estimated, trains, and answers", arguments: GoldenModels.checkpoints)
    func run(_ name: String) throws {
        try withTinyRun(.ivon) {
            ($0.steps, $0.saveEvery, $0.learningRate) = (4, 4, 1)
            $0.targetModules = ["all-linear"]
        } _: { tiny in
            try replaceModel(of: tiny, by: name)
            let estimate = try RunEstimate(tiny.recipe)
            let model = try tiny.model()
            let trainer = try Trainer(tiny.recipe, model: model, run: tiny.run("run"))
            #expect(estimate.parameters == trainer.adapted.parameters.count)
            let before = trainer.adapted.parameters.values.clone()
            _ = try trainer.run()
            #expect(try tiny.run("run").readMetrics()?.steps == 4)
            // A gradient has reached every layer.
            let entries = trainer.adapted.parameters.entries
            #expect(entries.count == 2 * model.model.linears.count)
            for entry in entries where entry.name.hasSuffix("lora_B.weight") {
                let was = FlatParameters.view(before, entry)
                let moved = FlatParameters.view(trainer.adapted.parameters.values, entry)
                #expect(moved.largestDifference(to: was) > 0, "\(entry.name)")
            }
        }
    }
}
