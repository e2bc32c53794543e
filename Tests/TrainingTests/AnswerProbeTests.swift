import Evaluation
import Foundation
import LanguageModels
import LoRA
import Optimizers
import Posteriors
import Randomness
import TestSupport
import Testing
import TextTasks
import Torch

@testable import Training

@Suite("Scales by what they do to the answers")
struct AnswerProbeTests {
    /// Two outcomes, whose logits differ by twice the response to the first parameter in every
    /// example.
    private struct MadeObjective: Objective {
        var response: @Sendable (Float) -> Float = { $0 }
        let exampleCount = 20
        let fingerprints: [String: String] = [:]
        func name(of example: Int) -> String { "\(example)" }
        func tokenCount(of example: Int) -> Int { 1 }
        func termCount(of example: Int) -> Int { 3 }
        func check(fits model: LoadedModel) throws {}

        func logProbabilities(of examples: [Int], _ model: AdaptedModel) -> Tensor {
            let value = response(model.parameters.values.floats[0])
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
            let probe = try AnswerProbe(MadeObjective(), adapted, DataParallel(nil))
            #expect(probe.termCount == 60)
            #expect(probe.bits == 1)  // two outcomes, and a third that cannot be
            let count = adapted.parameters.count
            let factor = try probe.factor(for: target, draws: 2) { factor, draw in
                Tensor.full([count], (draw == 0 ? 1 : -1) * factor)
            }
            // KL(1/2 || 1 / (1 + exp(-2x))) = log cosh x.
            #expect(abs(log(log(cosh(factor)) / target)) < 0.2, "\(factor)")
            #expect(adapted.parameters.values.doubles.allSatisfy { $0 == 0 })
        }
    }

    @Test(
        "Of factors that change the answers as much it is the least",
        arguments: [1e-4, 0.02, 0.2]
    )
    func least(_ target: Double) throws {
        try withTinyRun { tiny in
            let adapted = try AdaptedModel(try tiny.model(), lora: tiny.recipe.lora)
            let objective = MadeObjective { sin(100 * $0) }
            let probe = try AnswerProbe(objective, adapted, DataParallel(nil))
            let factor = try probe.factor(for: target, draws: 1) { factor, _ in
                Tensor.full([adapted.parameters.count], factor)
            }
            // log cosh sin 100 x: up to 0.43, and the same again from x = π / 200 on.
            #expect(factor < .pi / 200)
            #expect(abs(log(log(cosh(sin(100 * factor))) / target)) < 0.2, "\(factor)")
        }
    }

    @Test("Where answers change with a high power of the factor it is found, too")
    func steep() throws {
        try withTinyRun { tiny in
            let adapted = try AdaptedModel(try tiny.model(), lora: tiny.recipe.lora)
            let probe = try AnswerProbe(
                MadeObjective { pow($0, 5) * 1e6 },
                adapted,
                DataParallel(nil)
            )
            let factor = try probe.factor(for: 0.05, draws: 2) { factor, _ in
                Tensor.full([adapted.parameters.count], factor)
            }
            #expect(abs(log(log(cosh(1e6 * pow(factor, 5))) / 0.05)) < 0.2, "\(factor)")
        }
    }

    /// Eight draws find the width, 64 measure it, and the divergence is spread over one to six
    /// directions here: each seed's ratio has a deviation of up to 0.5, the mean over eight of 0.2.
    @Test(
        "Draws of ivon-auto change the answers by what is asked for",
        arguments: [["q_proj", "v_proj"], ["v_proj", "lm_head"], ["lm_head"]]
    )
    func draws(targets: [String]) throws {
        var ratios: [Double] = []
        for seed in 1...8 {
            try withTinyRun(.automaticIVON) {
                ($0.steps, $0.dropout, $0.noiseKl) = (1, 0, 0.001)
                ($0.targetModules, $0.seed) = (targets, seed)
            } _: { tiny in
                try tiny.train("run")
                let run = try TrainedRun(tiny.run("run"), model: try tiny.model())
                let posterior = try #require(run.posterior as? NormalPosterior)
                let found = try divergence(of: tiny, run, posterior)
                ratios.append(found / 0.001)
            }
        }
        #expect((0.6..<1.6).contains(ratios.reduce(0, +) / 8), "\(ratios)")
    }

    @Test(
        "However many steps ivon-auto takes, they lead no farther; more bits of an answer do",
        arguments: [(1, 2), (300, 2), (1, 4)]
    )
    func path(steps: Int, options: Int) throws {
        try withTinyRun(.automaticIVON) {
            ($0.steps, $0.dropout, $0.warmupSteps, $0.noiseKl) = (steps, 0, 0, 0.05)
            $0.learningRate = 1
        } _: { tiny in
            try Self.write(32, options: options, to: tiny)
            try tiny.train("run")
            let run = try TrainedRun(tiny.run("run"), model: try tiny.model())
            let values = run.adapted.parameters.values.clone()
            run.adapted.initialize(seed: UInt64(tiny.recipe.seed))
            let moves = (values - run.adapted.parameters.values).magnitude()
            let noise = try noise(of: run.adapted, tiny.recipe, nats: 0.05)
            // Of 300 rates that fall from 1 to 0 the mean is half of 301 / 300.
            let farthestOfAll = 0.8 * noise * log2(Double(options)).squareRoot()
            let most = farthestOfAll * (steps == 1 ? 0.02 : 301.0 / 300)
            let farthest = moves.quantiles([1])[0]
            #expect(farthest <= most * 1.001, "\(farthest), \(most)")
            // The first gradient is that of all steps.
            if steps == 1 { #expect(farthest > most * 0.999, "\(farthest), \(most)") }
        }
    }

    @Test(
        "The noise of ivon-auto goes by the bits of an answer and the examples beyond 64",
        arguments: [(32, 2, 0.05), (256, 2, 0.025), (32, 4, 0.1)]
    )
    func widths(examples: Int, options: Int, nats: Double) throws {
        try withTinyRun(.automaticIVON) {
            // So narrow a prior that nothing learnt of the curvature counts.
            ($0.steps, $0.dropout, $0.priorKl) = (1, 0, 1e-6)
        } _: { tiny in
            try Self.write(examples, options: options, to: tiny)
            try tiny.train("run")
            let run = try TrainedRun(tiny.run("run"), model: try tiny.model())
            let posterior = try #require(run.posterior as? NormalPosterior)
            run.adapted.initialize(seed: UInt64(tiny.recipe.seed))
            let noise = try noise(of: run.adapted, tiny.recipe, nats: nats)
            let ratio = posterior.variance * (1 / (noise * noise))
            #expect(ratio.largestDifference(to: ratio * 0 + 1) < 1e-3)
        }
    }

    /// Makes the training part of a run one of as many rows, each with as many options.
    private static func write(_ rows: Int, options: Int, to tiny: TinyRun) throws {
        let choices = ["true", "false", "good", "bad"].prefix(options)
        let lines = (0..<rows).map {
            #"{"id": "\#($0)", "prompt": "Your work is great", "choices": \#(choices), "#
                + #""label": \#($0 % 2)}"#
        }
        let file = tiny.task.task.appendingPathComponent("train.jsonl")
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
    }

    /// The width of noise that changes the untouched model's answers by `nats`.
    private func noise(
        of adapted: AdaptedModel,
        _ recipe: Recipe,
        nats: Double
    ) throws -> Double {
        let objective = try AnswerObjective(recipe, tokenizer: adapted.base.tokenizer)
        let probe = try AnswerProbe(objective, adapted, DataParallel(nil))
        return try probe.factor(for: nats, draws: 8) { width, draw in
            let seed = RandomStream.prior.seed(from: UInt64(recipe.seed), draw)
            return Generator(seed: seed).normal([adapted.parameters.count]) * width
        }
    }

    /// The nats by which a run's draws change the answers of its untouched model.
    private func divergence(
        of tiny: TinyRun,
        _ run: TrainedRun,
        _ posterior: NormalPosterior
    ) throws -> Double {
        run.adapted.initialize(seed: UInt64(tiny.recipe.seed))
        let data = try TrainingData(tiny.recipe, tokenizer: run.adapted.base.tokenizer)
        let batch = AnswerBatch(data.train.examples(of: Array(0..<16)))
        let before = run.adapted.scorer.logProbabilities(batch)
        let draws = DrawnParameters(posterior, around: run.adapted.parameters, count: 64, seed: 1)
        return (0..<64).reduce(0) { sum, draw in
            draws.withDraw(draw) {
                let after = run.adapted.scorer.logProbabilities(batch)
                let terms = before.exponential() * (before - after)
                return sum + terms.sum().item / 16 / 64
            }
        }
    }
}
