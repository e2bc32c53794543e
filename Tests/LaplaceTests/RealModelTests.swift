import Evaluation
import Foundation
import LanguageModels
import LoRA
import Metrics
import Optimizers
import Posteriors
import TestSupport
import Testing
import TextTasks
import Torch

@testable import Laplace

@Suite(
    "Laplace approximations of SmolLM2-135M",
    .enabled(if: RealModel.isWanted, "VARLORA_DEMO does not name the demo model's folder")
)
struct RealModelLaplaceTests {
    private static let sentences = [
        ("An utterly charming film with a big heart.", 0),
        ("Dull, slow and far too long.", 1),
        ("I would watch it again tomorrow.", 0),
        ("The plot falls apart after ten minutes, and nobody on screen seems to care.", 1),
    ]

    @Test("Jacobians are the logits' differences, and every curvature predicts with them")
    func sentences() throws {
        try RealModel.use { loaded in
            let layout = try LoRALayout(LoRASettings(), for: loaded.model)
            let parameters = FlatParameters(layout.parameters)
            let adapters = LoRAAdapters(layout, on: loaded.model, parameters: parameters.tensors)
            defer { adapters.detach() }
            let generator = Generator(seed: 4)
            adapters.initialize(from: generator)
            withoutGradients {
                for entry in parameters.entries where entry.name.contains("lora_B") {
                    FlatParameters.view(parameters.values, entry)
                        .copyInPlace(generator.normal(entry.shape) * 0.02)
                }
            }
            let encoder = try ExampleEncoder(loaded.tokenizer, maximumLength: 64)
            let (examples, _) = try encoder.encode(
                Self.sentences.enumerated().map { index, sentence in
                    Example(
                        id: "\(index)",
                        prompt: "Review: \(sentence.0)\nSentiment:",
                        answers: [" positive", " negative"],
                        label: sentence.1
                    )
                }
            )
            let model = TinyModel(
                scorer: AnswerScorer(loaded.model, adapters: adapters, device: .cpu),
                adapters: adapters,
                parameters: parameters,
                examples: examples
            )
            try checkJacobians(model, generator)
            try checkPredictions(model, model.fitter().diagonal())
            try checkPredictions(model, model.fitter().kronecker())
        }
    }

    /// The Jacobian times a direction, against a central difference along it.
    private func checkJacobians(_ model: TinyModel, _ generator: Generator) throws {
        let parameters = model.parameters
        let mean = parameters.values.clone()
        let direction = generator.normal([parameters.count])
        func contrasts(at step: Double) throws -> [Double] {
            withoutGradients {
                parameters.values.copyInPlace(mean)
                parameters.values.addInPlace(direction, times: step)
            }
            let pass = try RecordedPass(model.examples, model.scorer)
            return pass.logits.map { $0[1] - $0[0] }
        }
        let step = 1e-3
        let (above, below) = (try contrasts(at: step), try contrasts(at: -step))
        withoutGradients { parameters.values.copyInPlace(mean) }
        let pass = try RecordedPass(model.examples, model.scorer)
        let functions = pass.gradients(model.examples.map { _ in [[-1, 1]] })
        var found = [Double](repeating: 0, count: model.examples.count)
        for (index, entry) in parameters.entries.enumerated() {
            let jacobian = pass.jacobian(functions.map { $0[index] })  // [examples, 1, out, in]
            let products = jacobian * FlatParameters.view(direction, entry)
            for (example, row) in products.split(found.map { _ in 1 }, along: 0).enumerated() {
                found[example] += row.sum().item
            }
        }
        let largest = found.map(abs).max() ?? 0
        #expect(largest > 0.1)
        for (example, value) in found.enumerated() {
            let difference = (above[example] - below[example]) / (2 * step)
            #expect(abs(value - difference) < 0.02 * largest)
        }
    }

    private func checkPredictions<Kind: LaplacePosterior>(
        _ model: TinyModel,
        _ fit: LaplaceFit<Kind>
    ) throws {
        let precision = fit.posterior.priorPrecision
        #expect(Evidence.range.contains(precision))
        let best = fit.evidence.logEvidence(priorPrecision: precision)
        for factor in [0.5, 2] {
            #expect(fit.evidence.logEvidence(priorPrecision: precision * factor) < best)
        }
        let logits = try model.logits(under: fit.posterior)
        #expect(logits.allSatisfy { $0.covariance[0][0] > 0 })
        let expected = try DrawnAnswers(model.scorer).predictions(model.examples)
        let atMean = try model.predictions(under: fit.posterior, varianceScale: 0)
        for (item, answer) in zip(atMean, expected) {
            let probabilities = answer.prediction.probabilities
            #expect(largestDifference(item.probabilities, probabilities) < 1e-4)
        }
        let averaged = try model.predictions(under: fit.posterior)
        for (item, mean) in zip(averaged, atMean) {
            #expect(item.fault == nil)
            let (wide, narrow) = (item.probabilities, mean.probabilities)
            #expect(abs(wide[0] - 0.5) < abs(narrow[0] - 0.5), "variance lowers confidence")
            #expect(item.mutualInformation ?? 0 > 0)
        }
    }
}
