import Foundation
import LoRA
import Metrics
import Posteriors
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Training a tiny model")
struct TrainerTests {
    @Test("The loss falls", arguments: TrainingMethod.allCases)
    func lossFalls(_ method: TrainingMethod) throws {
        try withTinyRun(method) {
            ($0.steps, $0.batchSize, $0.logEvery, $0.dropout) = (40, 8, 10, 0)
        } _: { tiny in
            try tiny.train("run")
            let losses = try tiny.run("run").records().compactMap(\.loss)
            try #require(losses.count == 4)
            #expect(losses[3] < 0.6 * losses[0], "\(losses)")
        }
    }

    @Test(
        "The same seed writes the same bytes, another seed does not",
        arguments: TrainingMethod.allCases
    )
    func seeds(_ method: TrainingMethod) throws {
        try withTinyRun(method) {
            $0.evalEvery = 4
        } _: { tiny in
            try tiny.train("first")
            try tiny.train("second")
            #expect(try tiny.run("first").differences(from: tiny.run("second")).isEmpty)
            var other = tiny
            other.recipe.seed = 4
            try other.train("other")
            let differences = try tiny.run("first").differences(from: tiny.run("other"))
            #expect(differences.contains("adapter_model.safetensors"))
            #expect(differences.contains("predictions/test.jsonl"))
        }
    }

    @Test(
        "Micro-batches give the parameters of the whole batch",
        arguments: TrainingMethod.allCases
    )
    func microBatches(_ method: TrainingMethod) throws {
        try withTinyRun(method) {
            ($0.batchSize, $0.trainDraws, $0.dropout) = (5, 2, 0)
            // No clipping: at a bound, sums of another order could differ by a whole step. Small
            // steps: their last digits grow over the run.
            $0.clipRadius = .infinity
            $0.learningRate =
                ["ivon": 1e-4, "ivon-auto": 5, "adamw": 0.01, "sgd": 0.003][method.rawValue]
        } _: { tiny in
            try tiny.train("whole")
            var parts = tiny
            parts.recipe.microBatchSize = 2
            try parts.train("parts")
            let whole = try tiny.adapter("whole")
            let difference = whole.largestDifference(to: try parts.adapter("parts"))
            #expect(difference < 1e-6)
            var fewer = tiny
            fewer.recipe.steps = 1
            try fewer.train("fewer")
            #expect(try whole.largestDifference(to: fewer.adapter("fewer")) > 1e-3)
        }
    }

    @Test("Two draws a step are not one draw")
    func drawsDiffer() throws {
        try withTinyRun {
            $0.dropout = 0
        } _: { tiny in
            try tiny.train("one")
            var two = tiny
            two.recipe.trainDraws = 2
            try two.train("two")
            #expect(try !tiny.adapter("one").isEqual(to: two.adapter("two")))
        }
    }

    @Test("The history has one line an interval and one an evaluation, in order")
    func history() throws {
        try withTinyRun {
            ($0.steps, $0.logEvery, $0.evalEvery, $0.schedule) = (7, 3, 2, .linear)
        } _: { tiny in
            var losses: [Double] = []
            try tiny.train("run") { event in
                if case .trained(_, let loss) = event { losses.append(loss) }
            }
            let records = try tiny.run("run").records()
            #expect(records.map(\.step) == [2, 3, 4, 6, 6])
            let logged = records.filter { $0.loss != nil }
            #expect(logged.map(\.step) == [3, 6])
            for (record, steps) in zip(logged, [0..<3, 3..<6]) {
                let mean = losses[steps].reduce(0, +) / 3
                #expect(abs((record.loss ?? .nan) - mean) < 1e-12)
                let rate = 10.0 * Double(7 - (record.step - 1)) / 7
                #expect(abs((record.learningRate ?? .nan) - rate) < 1e-12)
                #expect(record.metrics == nil && record.split == nil)
                let share = try #require(record.posterior?.clippedShare)
                #expect((0...1).contains(share))
            }
            for record in records where record.loss == nil {
                #expect(record.split == .validation && record.posterior == nil)
                #expect(record.metrics?.examples == 6)
            }
        }
    }

    @Test("The health of the posterior is that of its Hessian")
    func health() throws {
        try withTinyRun {
            // At β₂ = 0.9 the Hessian moves visibly in 6 steps.
            ($0.logEvery, $0.beta2, $0.weightDecay) = (6, 0.9, 1e-3)
        } _: { tiny in
            let metrics = try tiny.results("run")
            let hessian = try tiny.hessian("run").sorted()
            let ratios = hessian.map { $0 / tiny.recipe.hessInit }
            let deviations = hessian.map { 1 / (tiny.recipe.ess * ($0 + 1e-3)).squareRoot() }
            let health = try #require(metrics.posterior)
            for (fraction, found) in zip([0.05, 0.5, 0.95], health.hessianRatio) {
                let place = fraction * Double(ratios.count - 1)
                let (low, share) = (Int(place), place - place.rounded(.down))
                let expected = ratios[low] + share * (ratios[low + 1] - ratios[low])
                #expect(abs(found / expected - 1) < 1e-5)
            }
            let mean = deviations.reduce(0, +) / Double(deviations.count)
            #expect(abs(health.standardDeviation / mean - 1) < 1e-5)
            #expect(abs(ratios[0] - 1) > 0.05)
            // The history's last line is of the same state.
            let logged = try #require(try tiny.run("run").records().last?.posterior)
            #expect(logged.hessianRatio == health.hessianRatio)
            #expect(logged.standardDeviation == health.standardDeviation)
        }
    }

    @Test("The health of a layer is that of its part of the Hessian, and only at the end")
    func layerHealth() throws {
        try withTinyRun {
            ($0.logEvery, $0.beta2, $0.weightDecay) = (6, 0.9, 1e-3)
        } _: { tiny in
            let metrics = try tiny.results("run")
            let hessian = try tiny.hessian("run")
            let layers = try #require(metrics.posterior?.layers)
            let layout = try LoRALayout(tiny.recipe.lora, for: try tiny.model().model)
            #expect(layers.map(\.layer) == [0, 0, 0, 0, 1, 1, 1, 1])
            let names = ["q_proj", "q_proj", "v_proj", "v_proj"]
            #expect(layers.map(\.projection) == names + names)
            #expect(layers.map(\.matrix) == ["A", "B", "A", "B", "A", "B", "A", "B"])
            var start = 0
            for (layer, parameter) in zip(layers, layout.parameters) {
                let part = hessian[start..<start + parameter.shape.reduce(1, *)].sorted()
                start += part.count
                let low = Int(0.95 * Double(part.count - 1))
                let share = 0.95 * Double(part.count - 1) - Double(low)
                let quantile = part[low] + share * (part[low + 1] - part[low])
                #expect(abs(layer.hessianRatio[2] * tiny.recipe.hessInit / quantile - 1) < 1e-5)
                let deviation =
                    part.map { 1 / (tiny.recipe.ess * ($0 + 1e-3)).squareRoot() }.reduce(0, +)
                    / Double(part.count)
                #expect(abs(layer.standardDeviation / deviation - 1) < 1e-5)
            }
            #expect(Set(layers.map { $0.hessianRatio[1] }).count == 8)
            #expect(try tiny.run("run").records().allSatisfy { $0.posterior?.layers == nil })
        }
    }

    @Test("The share of clipped updates is 0 without a bound and 1 at a bound below all of them")
    func clippedShare() throws {
        for (radius, expected) in [(Double.infinity, 0.0), (1e-30, 1.0)] {
            try withTinyRun {
                ($0.clipRadius, $0.learningRate, $0.dropout) = (radius, 1e-6, 0)
            } _: { tiny in
                try tiny.train("run")
                let shares = try tiny.run("run").records().map { $0.posterior?.clippedShare }
                #expect(shares == [expected, expected, expected])
            }
        }
    }

    @Test("Results count the examples and agree with the predictions")
    func results() throws {
        try withTinyRun { tiny in
            let metrics = try tiny.results("run")
            #expect(try tiny.run("run").readMetrics() == metrics)
            #expect(metrics.train.examples == 20 && metrics.validation.mean.examples == 6)
            let test = try #require(metrics.test)
            let predictions = try [Prediction](contentsOf: tiny.run("run").predictions("test"))
            #expect(predictions.map(\.id) == (26..<32).map(String.init))
            #expect(try MetricSummary(predictions, seed: 3) == test.draws)
            #expect(try MetricSummary(predictions.compactMap(\.atMean), seed: 3) == test.mean)
        }
    }

    @Test("Limits take the first examples; one's own folder need not have a test part")
    func parts() throws {
        try withTinyRun {
            ($0.limitTrain, $0.limitValidation, $0.limitTest, $0.maxLength) = (5, 4, 3, 2)
        } _: { tiny in
            let metrics = try tiny.results("run")
            #expect(metrics.train.examples == 5 && metrics.train.truncated == 5)
            #expect(metrics.validation.encoding.examples == 4)
            #expect(metrics.test?.mean.examples == 3)
            let test = tiny.task.task.appendingPathComponent("test.jsonl")
            try FileManager.default.removeItem(at: test)
            let without = try tiny.results("without")
            #expect(without.test == nil && without.validation == metrics.validation)
            let files = FileManager.default
            #expect(!files.fileExists(atPath: tiny.run("without").predictions("test").path))
        }
    }

    @Test("A prompt longer than the model's context is refused by its name")
    func contextLength() throws {
        try withTinyRun { tiny in
            let row =
                #"{"id": "long", "prompt": "\#(String(repeating: "the ", count: 80))is","#
                + #" "choices": ["true", "false"], "label": 0}"#
            for part in ["train", "validation", "test"] {
                let file = tiny.task.task.appendingPathComponent("\(part).jsonl")
                let before = try Data(contentsOf: file)
                try (before + Data((row + "\n").utf8)).write(to: file)
                let text = sentence { try tiny.train("run") }
                #expect(
                    text.contains("the prompt of long with its longest answer has"),
                    "\(part): \(text)"
                )
                #expect(text.contains("at most the model's 64"))
                try before.write(to: file)
                try? FileManager.default.removeItem(at: tiny.run("run").url)
            }
        }
    }

    @Test("No tensor is left after training and prediction")
    func noTensorsLeft() throws {
        try withTinyRun { tiny in
            let before = Tensor.liveCount
            try tiny.train("run")
            #expect(Tensor.liveCount == before)
        }
    }
}

extension TinyRun {
    /// The adapter's values, end to end.
    func adapter(_ name: String) throws -> Tensor {
        let adapted = try AdaptedModel(try model(), lora: recipe.lora)
        try PEFTFolder.read(run(name).url, into: adapted.parameters)
        return adapted.parameters.values.clone()
    }

    /// The posterior's Hessian, end to end.
    func hessian(_ name: String) throws -> [Double] {
        let adapted = try AdaptedModel(try model(), lora: recipe.lora)
        let file = try PosteriorFile(
            contentsOf: run(name).posterior,
            for: adapted.parameters
        )
        return try #require(file.kind as? IVONPosterior).hessian.doubles
    }
}
