import Evaluation
import Foundation
import LanguageModels
import LoRA
import Optimizers
import Posteriors
import TestSupport
import Testing
import TextTasks
import Torch

@testable import Training

@Suite("Scales by what they do to the answers")
struct AnswerProbeTests {
    /// Two outcomes, whose logits differ by twice the first parameter in every example.
    private struct MadeObjective: Objective {
        let exampleCount = 20
        let fingerprints: [String: String] = [:]
        func name(of example: Int) -> String { "\(example)" }
        func tokenCount(of example: Int) -> Int { 1 }
        func termCount(of example: Int) -> Int { 3 }
        func check(fits model: LoadedModel) throws {}

        func logProbabilities(of examples: [Int], _ model: AdaptedModel) -> Tensor {
            let value = model.parameters.values.floats[0]
            let rows = examples.flatMap { _ in [value, -value, -.infinity] }
            return Tensor(rows, shape: [examples.count, 3]).logSoftmax(along: 1)
        }

        func loss(of examples: [Int], _ model: AdaptedModel) -> ObjectiveLoss {
            preconditionFailure("nothing is trained")
        }

        func evaluated(
            _ model: AdaptedModel,
            after step: Int,
            group: ProcessGroup?,
            progress: (Int, Int) -> Void
        ) throws -> HistoryRecord { preconditionFailure("nothing is trained") }

        func writeResults(
            of trained: TrainedRun,
            health: PosteriorHealth?,
            to run: RunFolder,
            group: ProcessGroup?,
            progress: (Int, Int) -> Void
        ) throws -> RunMetrics { preconditionFailure("nothing is trained") }
    }

    @Test("The factor is the one of the closed form, small or large", arguments: [1e-4, 0.02, 0.5])
    func closedForm(_ target: Double) throws {
        try withTinyRun { tiny in
            let adapted = try AdaptedModel(try tiny.model(), lora: tiny.recipe.lora)
            let probe = AnswerProbe(MadeObjective(), adapted, DataParallel(nil))
            #expect(probe.termCount == 60)
            let count = adapted.parameters.count
            let factor = try probe.factor(for: target, draws: 2) { factor, draw in
                Tensor.full([count], (draw == 0 ? 1 : -1) * factor)
            }
            .factor
            // KL(1/2 || 1 / (1 + exp(-2x))) = log cosh x.
            #expect(abs(factor / acosh(exp(target)) - 1) < 0.06, "\(factor)")
            #expect(adapted.parameters.values.doubles.allSatisfy { $0 == 0 })
            // Divergences of 1 and 4 parts: 2 mean² / variance.
            let dimension = try probe.factor(for: 1e-4, draws: 2) { factor, draw in
                Tensor.full([count], Double(draw + 1) * factor)
            }
            .dimension
            #expect(abs(dimension - 2 * 2.5 * 2.5 / 4.5) < 0.01, "\(dimension)")
        }
    }

    /// Eight draws find the scale, 64 measure it, and the divergence is spread over one to six
    /// directions here: each seed's ratio has a deviation of up to 0.5, the mean over eight of 0.2.
    @Test(
        "Draws of ivon-auto change the answers by what is asked for, and A by its own spread",
        arguments: [["q_proj", "v_proj"], ["v_proj", "lm_head"], ["lm_head"]]
    )
    func automatic(targets: [String]) throws {
        var ratios: [Double] = []
        for seed in 1...8 {
            try withTinyRun(.automaticIVON) {
                ($0.steps, $0.dropout, $0.priorKl, $0.drawKl) = (1, 0, 0.05, 0.001)
                ($0.targetModules, $0.seed) = (targets, seed)
            } _: { tiny in
                ratios.append(try divergence(of: tiny) / 0.001)
            }
        }
        #expect((0.6..<1.6).contains(ratios.reduce(0, +) / 8), "\(ratios)")
    }

    /// The nats by which a run's draws change the answers of its untouched model.
    private func divergence(of tiny: TinyRun) throws -> Double {
        try tiny.train("run")
        let run = try TrainedRun(tiny.run("run"), model: try tiny.model())
        let parameters = run.adapted.parameters
        let posterior = try #require(run.posterior as? NormalPosterior)
        run.adapted.initialize(seed: UInt64(tiny.recipe.seed))
        for entry in parameters.entries where AdapterMatrix(entry)?.side == .a {
            let spread = FlatParameters.view(parameters.values, entry).power(2).mean()
            let variance = FlatParameters.view(posterior.variance, entry)
            let ratio = variance * (1 / (0.04 * spread.item))
            #expect(ratio.largestDifference(to: ratio * 0 + 1) < 1e-2)
        }
        let data = try TrainingData(tiny.recipe, tokenizer: run.adapted.base.tokenizer)
        let batch = AnswerBatch(data.train.examples(of: Array(0..<16)))
        let before = run.adapted.scorer.logProbabilities(batch)
        let draws = DrawnParameters(posterior, around: parameters, count: 64, seed: 1)
        return (0..<64).reduce(0) { sum, draw in
            draws.withDraw(draw) {
                let after = run.adapted.scorer.logProbabilities(batch)
                let terms = before.exponential() * (before - after)
                return sum + terms.sum().item / 16 / 64
            }
        }
    }
}
