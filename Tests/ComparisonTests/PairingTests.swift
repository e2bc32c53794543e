import Evaluation
import Foundation
import LoRA
import Metrics
import Optimizers
import Randomness
import TensorFiles
import TestSupport
import Testing
import TextTasks
import Torch

@testable import Comparison
@testable import Training

@Suite("Methods of a seed share data, batches and starts")
struct PairingTests {
    @Test("AdamW's and IVON's runs differ in what belongs to the optimizer alone")
    func recipes() throws {
        let tiny = try WholeComparison.get().tiny
        for seed in [3, 5] {
            let adamw = try tiny.run("map", seed: seed).readRecipe()
            let ivon = try tiny.run("ivon", seed: seed).readRecipe()
            let keys = Set(adamw.values.keys).union(ivon.values.keys)
            let different = keys.filter { adamw.values[$0] != ivon.values[$0] }
            #expect(different == ["method", "learning-rate", "beta2", "keep-step"])
            #expect(adamw.seed == seed && adamw.keepStep == TinyComparison.steps / 2)
            #expect(
                try fingerprint(tiny.run("map", seed: seed))
                    == fingerprint(tiny.run("ivon", seed: seed))
            )
        }
    }

    @Test("An ensemble is the average of runs from other seeds on the same split of a file")
    func ensemble() throws {
        try withTinyComparison { tiny in
            let rows = try ["train", "validation", "test"].map {
                try String(
                    contentsOf: tiny.place("task/\($0).jsonl"),
                    encoding: .utf8
                )
            }
            let file = tiny.place("one.jsonl")
            try Data(rows.joined().utf8).write(to: file)
            try tiny.compare {
                $0.tasks = [file.path]
                $0.methods = ["ensemble"]
                $0.seeds = [3]
                try $0.set("draws", to: "1", place: "test")
            }
            let folder = tiny.place("whole/one/seed-3")
            func run(_ name: String) -> RunFolder {
                RunFolder(folder.appendingPathComponent(name))
            }
            let map = try run("map").readRecipe()
            var members = [try [Prediction](contentsOf: run("map").predictions("test"))]
            var starts = [try start(map, tiny)]
            for member in 2...TinyComparison.members {
                let made = try run("ensemble-member-\(member)").readRecipe()
                #expect(made.seed != 3 && made.splitSeed == 3)
                #expect(
                    try fingerprint(run("ensemble-member-\(member)")) == fingerprint(run("map"))
                )
                // The same member, trained on its own.
                var recipe = map
                (recipe.seed, recipe.splitSeed) = (made.seed, 3)
                let alone = RunFolder(tiny.place("alone-\(member)"))
                _ = try Trainer(recipe, model: try tiny.loadedModel(), run: alone).run()
                members.append(try [Prediction](contentsOf: alone.predictions("test")))
                starts.append(try start(recipe, tiny))
            }
            #expect(Set(starts).count == TinyComparison.members)
            let answers = try [Prediction](contentsOf: run("ensemble").predictions("test"))
            #expect(members.allSatisfy { $0.map(\.id) == answers.map(\.id) })
            let average = answers.indices.map { row in
                answers[row].probabilities.indices.map { answer in
                    members.reduce(0) { $0 + $1[row].probabilities[answer] }
                        / Double(members.count)
                }
            }
            #expect(largestDifference(answers.map(\.probabilities), average) < 1e-6)
            #expect(answers.map(\.meanProbabilities) == members[0].map(\.probabilities))
            #expect(Set(members.map { $0.map(\.probabilities) }).count == members.count)
        }
    }

    /// The values that a run's adapters start from.
    private func start(_ recipe: Recipe, _ tiny: TinyComparison) throws -> [Float] {
        let adapted = try AdaptedModel(try tiny.loadedModel(), lora: recipe.lora)
        adapted.initialize(seed: UInt64(recipe.seed))
        return adapted.parameters.values.floats
    }

    /// The training data that a run's last checkpoint names.
    private func fingerprint(_ run: RunFolder) throws -> String {
        let folder = try #require(try Checkpoint.last(in: run))
        let file = folder.appendingPathComponent("state.safetensors")
        return try #require(try Safetensors(contentsOf: file).metadata["data"])
    }

    @Test("SWA is the mean of AdamW's steps at a constant rate after the shared first steps")
    func swa() throws {
        let tiny = try WholeComparison.get().tiny
        let model = try tiny.loadedModel()
        let recipe = try tiny.run("map").readRecipe()
        let data = try TrainingData(recipe, tokenizer: model.tokenizer)
        let adapted = try AdaptedModel(model, lora: recipe.lora)
        adapted.initialize(seed: UInt64(recipe.seed))
        let parameters = adapted.parameters
        let optimizer = AdamW(parameters, learningRate: 0)
        let order = BatchOrder(
            exampleCount: data.train.examples.count,
            seed: UInt64(recipe.seed)
        )
        let first = Int(Double(recipe.steps) * TinyComparison.swagStart)
        let peak = try #require(recipe.learningRate)
        var sums = [Double](repeating: 0, count: parameters.count)
        for step in 0..<recipe.steps {
            optimizer.learningRate =
                step < first ? peak * (1 - Double(step) / Double(recipe.steps)) : peak * 0.2
            let batch = order.batch(at: step, batchSize: recipe.batchSize)
            _ = try optimizer.step {
                let examples = batch.map { data.train.examples[$0] }
                let seed = RandomStream.dropout.seed(from: UInt64(recipe.seed), step, 0, 0)
                let loss = adapted.adapters.withDropout(seed: seed) {
                    adapted.scorer.loss(AnswerBatch(examples)) * (1 / Double(batch.count))
                }
                loss.backward()
                return loss.item
            }
            if step < first { continue }
            for (index, value) in parameters.values.doubles.enumerated() { sums[index] += value }
        }
        let count = Double(recipe.steps - first)
        let expected = sums.map { $0 / count }
        for method in ["swa", "swag"] {
            let run = try TrainedRun(tiny.run(method), model: try tiny.loadedModel())
            let found = run.adapted.parameters.values.doubles
            #expect(largestDifference([found], [expected]) < 1e-6)
        }
        let map = try TrainedRun(tiny.run("map"), model: try tiny.loadedModel())
        #expect(largestDifference([map.adapted.parameters.values.doubles], [expected]) > 1e-3)
    }

    @Test("A branch of a step without checkpoint is refused")
    func noCheckpoint() throws {
        let tiny = try WholeComparison.get().tiny
        let run = tiny.run("map")
        let text = sentence {
            try run.branch(
                at: 2,
                to: RunFolder(tiny.place("branch")),
                recipe: try run.readRecipe()
            )
        }
        #expect(text.contains("checkpoint: expected one of step 2"), "\(text)")
        #expect(text.contains("keep-step") && text.hasSuffix("found none"), "\(text)")
        #expect(!FileManager.default.fileExists(atPath: tiny.place("branch").path))
    }

    @Test("Snapshots are spread evenly up to the last step", arguments: [2, 6, 19, 20, 39, 2000])
    func snapshots(_ steps: Int) {
        let snapshots = SnapshotSteps(after: 100, until: 100 + steps)
        let taken = (1...100 + steps).filter(snapshots.contains)
        #expect(taken.count == snapshots.count)
        #expect(taken.count == min(steps, taken.count) && taken.count >= min(steps, 20))
        #expect(taken.count < 40 && taken.last == 100 + steps && (taken.first ?? 0) > 100)
        #expect(Set(zip(taken, taken.dropFirst()).map { $1 - $0 }).count <= 1)
    }
}
