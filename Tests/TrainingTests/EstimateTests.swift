import LanguageModels
import LoRA
import TestSupport
import Testing

@testable import Training

@Suite("Estimates before a run")
struct EstimateTests {
    @Test(
        "Parameters and tokens are those of the run, with or without the head",
        arguments: [
            (TrainingMethod.ivon, ["q_proj", "v_proj"]), (.adamw, ["v_proj", "lm_head"]),
            (.automaticIVON, ["q_proj"]),
        ]
    )
    func counts(_ method: TrainingMethod, _ targets: [String]) throws {
        try withTinyRun(method) {
            $0.targetModules = targets
        } _: { tiny in
            let estimate = try RunEstimate(tiny.recipe)
            let trainer = try Trainer(tiny.recipe, model: tiny.model(), run: tiny.run("run"))
            #expect(estimate.parameters == trainer.adapted.parameters.count)
            _ = try trainer.train()
            let average = Double(trainer.profile.tokens) / Double(tiny.recipe.steps)
            #expect(estimate.tokens.average == average)
            #expect(estimate.stepSeconds > 0 && estimate.answerSeconds > 0)
            #expect((estimate.searchSeconds > 0) == (method == .automaticIVON))
            #expect(estimate.trainingSeconds == estimate.stepSeconds * Double(tiny.recipe.steps))
        }
    }

    /// The memory of a run on a tiny model whose backward pass has `lengths`.
    private func memory(
        _ lengths: [Int] = [20, 30],
        _ change: (inout Recipe) -> Void = { _ in }
    ) throws -> MemoryEstimate {
        let folder = Golden.folder("Models/llama2")
        var recipe = Recipe()
        change(&recipe)
        let files = try ModelFiles(.folder(folder))
        let size = try ModelSize(files, precision: recipe.precision)
        return MemoryEstimate(
            recipe,
            model: size,
            modulesOfSample: try LoRALayout(recipe.lora, for: size.sample).modules,
            batch: PackedTokens(
                lengths.enumerated().map { [1, 1, 1, 1, 1] + Array(repeating: 2 + $0, count: $1) }
            ),
            logits: 0,
            answerTokens: 0
        )
    }

    @Test("Memory follows the settings that it depends on")
    func settings() throws {
        let usual = try memory()
        #expect(try memory([20, 30]) { $0.basePrecision = .int8 }.linears * 3 < usual.linears)
        let short = try memory { $0.compute = .bfloat16 }
        #expect(short.linears * 2 == usual.linears && short.activations * 2 == usual.activations)
        #expect(short.optimizer == usual.optimizer && short.adapters == usual.adapters)
        #expect(try memory { $0.gradientCheckpointing = true }.activations < usual.activations)
        #expect(try memory([40, 60]).activations > usual.activations * 17 / 10)
        #expect(try memory { $0.rank = 16 }.adapters == 2 * usual.adapters)
        // Variance, mean, and a deviation for each of three pairs, the last one perhaps half.
        for draws in [5, 6] {
            #expect(try memory { $0.draws = draws }.posterior == 5 * usual.adapters / 2)
        }
        #expect(try memory { $0.method = .adamw }.posterior == 0)
        #expect(try memory { $0.method = .adamw }.optimizer < usual.optimizer)
        #expect(
            try memory { $0.targetModules = ["all-linear"] }.activations > usual.activations
        )
    }
}
