import Evaluation
import Foundation
import LoRA
import Metrics
import Posteriors
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Merged runs")
struct MergeTests {
    /// Trains `a` on the first rows and `b` on all of them, from one start.
    private func withTwoRuns(
        _ method: TrainingMethod = .ivon,
        _ body: (TinyRun) throws -> Void
    ) throws {
        try withTinyRun(method) { tiny in
            var first = tiny
            first.recipe.limitTrain = 8
            try first.train("a")
            try tiny.train("b")
            try body(tiny)
        }
    }

    @discardableResult
    private func merge(
        _ tiny: TinyRun,
        _ names: [String],
        by rule: MergeRule = .precision,
        weights: [Double]? = nil,
        to output: String = "merged",
        force: Bool = false
    ) throws -> RunMetrics {
        let merge = try RunMerge(
            names.map(tiny.run),
            by: rule,
            weights: weights,
            to: tiny.run(output),
            force: force
        )
        return try merge.write(merge.merged(try tiny.model()))
    }

    private func values(_ tiny: TinyRun, _ name: String) throws -> [Float] {
        try TrainedRun(tiny.run(name), model: try tiny.model()).adapted.parameters.values.floats
    }

    private func predictions(_ tiny: TinyRun, _ name: String) throws -> [Prediction] {
        try [Prediction](contentsOf: tiny.run(name).predictions("test"))
    }

    @Test("A merged run reads as any other, and says what it was made of")
    func readsAsOthers() throws {
        try withTwoRuns { tiny in
            let results = try merge(tiny, ["a", "b"], weights: [2, 1])
            #expect(results.method == "merge-precision" && results.posteriorKind == "ivon")
            let run = tiny.run("merged")
            #expect(try run.readMetrics() == results)
            let trained = try TrainedRun(run, model: try tiny.model())
            let posterior = try #require(trained.posterior as? IVONPosterior)
            #expect(posterior.effectiveSampleSize == 3e5)
            let test = try trained.recipe.textTask().load(.test, seed: 0)
            let written = try predictions(tiny, "merged")
            #expect(try trained.predict(test.examples).map(\.prediction) == written)
            let file = try Data(contentsOf: run.merge)
            let record = try JSONDecoder().decode(MergeRecord.self, from: file)
            #expect(record.by == "precision" && record.runs.map(\.weight) == [2, 1])
            #expect(record.runs.map(\.task) == [tiny.recipe.task, tiny.recipe.task])
            let left = try FileManager.default.contentsOfDirectory(atPath: tiny.folder.path)
            #expect(!left.contains { $0.hasPrefix(".") }, "\(left)")
        }
    }

    @Test("Precisions weigh each parameter, in the closed form")
    func precision() throws {
        try withTwoRuns { tiny in
            try merge(tiny, ["a", "b"])
            func part(_ name: String) throws -> (means: [Float], hessian: [Float]) {
                let run = try TrainedRun(tiny.run(name), model: try tiny.model())
                let posterior = try #require(run.posterior as? IVONPosterior)
                return (run.adapted.parameters.values.floats, posterior.hessian.floats)
            }
            let (a, b, merged) = (try part("a"), try part("b"), try part("merged"))
            for place in a.means.indices {
                let (h, k) = (Double(a.hessian[place]), Double(b.hessian[place]))
                let mean = (h * Double(a.means[place]) + k * Double(b.means[place])) / (h + k)
                #expect(abs(Double(merged.means[place]) - mean) <= 1e-6 * max(1, abs(mean)))
                #expect(abs(Double(merged.hessian[place]) - (h + k) / 2) < 1e-9)
            }
        }
    }

    @Test("A run merged with itself is itself, by every rule", arguments: MergeRule.allCases)
    func itself(_ rule: MergeRule) throws {
        try withTwoRuns { tiny in
            let halves = rule == .taskArithmetic ? [0.5, 0.5] : nil
            try merge(tiny, ["a", "a"], by: rule, weights: halves)
            #expect(try values(tiny, "merged") == values(tiny, "a"))
            let mean = try predictions(tiny, "a").map { $0.atMean?.probabilities }
            let merged = try predictions(tiny, "merged")
            #expect(merged.map { ($0.atMean ?? $0).probabilities } == mean)
            #expect(merged.allSatisfy { ($0.atMean != nil) == (rule == .precision) })
        }
    }

    @Test("Averages are weighted means; task arithmetic goes from the common start")
    func sums() throws {
        try withTwoRuns(.adamw) { tiny in
            let (a, b) = (try values(tiny, "a"), try values(tiny, "b"))
            try merge(tiny, ["a", "b"], by: .average, weights: [3, 1])
            for (found, (a, b)) in zip(try values(tiny, "merged"), zip(a, b)) {
                #expect(abs(found - (0.75 * a + 0.25 * b)) < 1e-6)
            }
            // All the way back: B is zero, and the base answers.
            try merge(tiny, ["a", "b"], by: .taskArithmetic, weights: [0, 0], force: true)
            let start = try TrainedRun(tiny.run("merged"), model: try tiny.model())
            start.adapted.initialize(seed: UInt64(tiny.recipe.seed))
            let origin = start.adapted.parameters.values.floats
            #expect(try values(tiny, "merged") == origin)
            let data = try TrainingData(tiny.recipe, tokenizer: try tiny.model().tokenizer)
            let base = try tiny.model()
            let answers = try DrawnAnswers(
                AnswerScorer(base.model, adapters: nil, device: base.device)
            )
            .predictions(try #require(data.test).examples)
            let merged = try predictions(tiny, "merged")
            #expect(merged.map(\.probabilities) == answers.map(\.prediction.probabilities))
            try merge(tiny, ["a", "b"], by: .taskArithmetic, force: true)
            for (found, (start, (a, b))) in zip(
                try values(tiny, "merged"),
                zip(origin, zip(a, b))
            ) {
                #expect(abs(found - (a + b - start)) < 1e-6)
            }
        }
    }

    @Test("Runs that did not start alike are refused with the reason, and nothing is written")
    func refused() throws {
        try withTwoRuns { tiny in
            func refusal(_ change: (inout Recipe) -> Void) throws -> String {
                var other = tiny
                change(&other.recipe)
                (other.recipe.steps, other.recipe.saveEvery) = (1, 1)
                try other.train("other", force: true)
                return sentence { try merge(tiny, ["a", "other"]) }
            }
            let seed = try refusal { $0.seed = 4 }
            #expect(seed.contains("other: seed: expected 3 as of"), "\(seed)")
            #expect(seed.contains("found 4; adapters add up only where they started at the same"))
            #expect(try refusal { $0.rank = 3 }.contains("rank: expected 2"))
            #expect(try refusal { $0.targetModules = ["v_proj"] }.contains("target-modules: exp"))
            #expect(try refusal { $0.answers = .text }.contains("answers: expected auto"))
            let base = try TinyTask(in: tiny.folder, seed: 2).model.path
            #expect(try refusal { $0.model = base }.contains("base model: expected"))
            let point = try refusal { ($0.method, $0.learningRate, $0.beta2) = (.adamw, 0.01, 0.9) }
            #expect(
                point.hasSuffix(
                    "other: expected a posterior with a precision of each parameter (ivon, as of "
                        + "\(tiny.run("a").url.path)), found a point estimate; merge by average or "
                        + "task-arithmetic"
                ),
                "\(point)"
            )
            #expect(!FileManager.default.fileExists(atPath: tiny.run("merged").url.path))
        }
    }

    @Test("A run that is there stays, unless it is to be replaced; one to be merged always does")
    func replaced() throws {
        try withTwoRuns { tiny in
            try merge(tiny, ["a", "b"])
            let whole = try tiny.run("merged").contents()
            let exists = sentence { try merge(tiny, ["a", "b"]) }
            #expect(exists.contains("found another run; --force replaces it"))
            let own = sentence { try merge(tiny, ["a", "b"], to: "b", force: true) }
            #expect(own.contains("found one of the runs to merge"), "\(own)")
            // Data that are gone are noticed before anything is replaced.
            let test = tiny.task.task.appendingPathComponent("test.jsonl")
            let rows = try Data(contentsOf: test)
            try Data("{\n".utf8).write(to: test)
            #expect(sentence { try merge(tiny, ["a", "b"], force: true) }.contains("test.jsonl"))
            #expect(try tiny.run("merged").contents() == whole)
            try rows.write(to: test)
            try merge(tiny, ["a", "b"], force: true)
            #expect(try tiny.run("merged").contents() == whole)
        }
    }
}
