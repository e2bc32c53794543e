import Evaluation
import Foundation
import LoRA
import Optimizers
import Randomness
import TestSupport
import Testing
import TextTasks
import Torch

@testable import Training

extension TinyRun {
    /// Trains a run on several ranks; the outcome or error of each.
    func trainRanks(
        _ name: String,
        _ count: Int,
        resume: Bool = false,
        observer: @escaping @Sendable (ProcessGroup, TrainingEvent) -> Void = { _, _ in },
        change: @escaping @Sendable (inout TinyRun, Int) -> Void = { _, _ in },
        shouldStop: @escaping @Sendable (Int) -> Bool = { _ in false }
    ) throws -> [Result<TrainingOutcome, any Error>] {
        try withRanks(count) { group in
            var tiny = self
            change(&tiny, group.rank)
            return try tiny.train(name, resume: resume, group: group) {
                observer(group, $0)
            } shouldStop: {
                shouldStop(group.rank)
            }
        }
    }
}

/// Numbers that ranks, which are threads, note down.
private final class Notes: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Int] = []

    func add(_ value: Int) { lock.withLock { values.append(value) } }

    var all: [Int] { lock.withLock { values } }
}

@Suite("Training on several ranks", .serialized, .enabled(if: Engine.hasGloo))
struct RankTests {
    @Test("AdamW gives the parameters of one rank with the joined batch", arguments: [2, 3])
    func adamW(ranks: Int) throws {
        try withTinyRun(.adamw) {
            ($0.batchSize, $0.microBatchSize, $0.dropout) = (5, 2, 0)
        } _: { tiny in
            try tiny.train("one")
            for outcome in try tiny.trainRanks("several", ranks) { _ = try outcome.get() }
            let (one, several) = (try tiny.adapter("one"), try tiny.adapter("several"))
            #expect(several.largestDifference(to: one) < 1e-5)
            let losses = try tiny.run("one").records().compactMap(\.loss)
            let found = try tiny.run("several").records().compactMap(\.loss)
            for (loss, expected) in zip(found, losses) { #expect(abs(loss - expected) < 1e-5) }
            #expect(found.count == 3)
        }
    }

    @Test("IVON equals two draws of one rank, each with its part of the batch")
    func ivon() throws {
        try withTinyRun(.ivon) {
            // No clipping: at a bound, sums of another order could differ by a whole step.
            ($0.batchSize, $0.clipRadius, $0.learningRate) = (5, .infinity, 1e-4)
        } _: { tiny in
            for outcome in try tiny.trainRanks("several", 2) { _ = try outcome.get() }
            let expected = try reference(tiny)
            #expect(try tiny.adapter("several").largestDifference(to: expected) < 1e-5)
            var start = tiny
            start.recipe.steps = 1
            try start.train("start")
            #expect(try expected.largestDifference(to: tiny.adapter("start")) > 1e-3)
        }
    }

    /// Two ranks by the pieces of one.
    private func reference(_ tiny: TinyRun) throws -> Tensor {
        let (recipe, model) = (tiny.recipe, try tiny.model())
        let data = try TrainingData(recipe, tokenizer: model.tokenizer)
        let adapted = try AdaptedModel(model, lora: recipe.lora)
        adapted.initialize(seed: UInt64(recipe.seed))
        let order = BatchOrder(
            exampleCount: data.train.examples.count,
            seed: UInt64(recipe.seed)
        )
        var settings = IVON.Settings(recipe)
        settings.draws = 2
        func stream(_ stream: RandomStream, _ indices: [Int]) -> UInt64 {
            let seed = UInt64(recipe.seed)
            switch indices.count {
            case 2: return stream.seed(from: seed, indices[0], indices[1])
            case 3: return stream.seed(from: seed, indices[0], indices[1], indices[2])
            default:
                return stream.seed(from: seed, indices[0], indices[1], indices[2], indices[3])
            }
        }
        let optimizer = IVON(adapted.parameters, learningRate: 0, settings: settings) {
            step,
            rank in
            let seed = stream(.posterior, rank == 0 ? [step, 0] : [step, 0, rank])
            return Generator(seed: seed).normal([adapted.parameters.count])
        }
        for step in 0..<recipe.steps {
            optimizer.learningRate = recipe.learningRateSchedule(step)
            let batch = order.batch(at: step, batchSize: 5).map { data.train.examples[$0] }
            let parts = DataParallel.shares(of: batch.map(\.tokens.count), among: 2)
                .map { places in places.map { batch[$0] } }
            var rank = 0
            _ = try optimizer.step {
                defer { rank += 1 }
                let seed = stream(.dropout, rank == 0 ? [step, 0, 0] : [step, 0, 0, rank])
                let loss = adapted.adapters.withDropout(seed: seed) {
                    // Draws are averaged and ranks added up, hence the 2.
                    adapted.scorer.loss(AnswerBatch(parts[rank])) * (2.0 / 5)
                }
                loss.backward()
                return loss.item
            }
        }
        return adapted.parameters.values
    }

    @Test("Shares divide a batch into about as many tokens", arguments: 1...9)
    func shares(ranks: Int) {
        var generator = SplitMix64(seed: 3)
        for count in [ranks, ranks + 1, 5 * ranks] {
            let lengths = (0..<count).map { _ in Int.random(in: 10...60, using: &generator) }
            let shares = DataParallel.shares(of: lengths, among: ranks)
            #expect(shares.joined().sorted() == Array(0..<count))
            #expect(shares.allSatisfy { !$0.isEmpty && $0 == $0.sorted() })
            let tokens = shares.map { $0.reduce(0) { $0 + lengths[$1] } }
            // Greedy: the last example of the fullest rank went there when it was the emptiest.
            let (most, least) = (tokens.max() ?? 0, tokens.min() ?? 0)
            #expect(most - least <= lengths.max() ?? 0)
        }
    }

    @Test("One operation a step carries gradients, loss and the wish to stop", arguments: 2...3)
    func bytes(ranks: Int) throws {
        for (method, vectors) in [(TrainingMethod.ivon, 2), (.adamw, 1)] {
            try withTinyRun(method) { tiny in
                let (notes, counts) = (Notes(), Notes())
                for outcome in try tiny.trainRanks(
                    "run",
                    ranks,
                    observer: { group, event in
                        guard group.rank == ranks - 1 else { return }
                        if case .trained = event { notes.add(group.summedBytes) }
                        if case .started(_, _, let count) = event { counts.add(count) }
                    }
                ) { _ = try outcome.get() }
                let perStep = 4 * (vectors * (try #require(counts.all.first)) + 2)
                #expect(notes.all == (1...6).map { $0 * perStep })
            }
        }
    }

    @Test("The predictions of several ranks are those of one, in order", arguments: [2, 3])
    func predictions(ranks: Int) throws {
        try withTinyRun(.ivon) {
            ($0.evalTokens, $0.evalEvery) = (16, 3)
        } _: { tiny in
            let outcomes = try tiny.trainRanks("run", ranks)
            let model = try tiny.model()
            let trained = try TrainedRun(tiny.run("run"), model: model)
            let data = try TrainingData(tiny.recipe, tokenizer: model.tokenizer)
            let alone = try PartEvaluation(
                try #require(data.test),
                trained.predictive(),
                recipe: tiny.recipe
            )
            let file = tiny.folder.appendingPathComponent("alone.jsonl")
            try alone.predictions.map(\.prediction).write(to: file)
            let written = try Data(contentsOf: tiny.run("run").predictions("test"))
            #expect(try Data(contentsOf: file) == written)
            for outcome in outcomes {
                guard case .finished(let metrics) = try outcome.get() else {
                    Issue.record("the run did not finish")
                    continue
                }
                #expect(metrics.test == alone.results)
                #expect(metrics.ranks == ranks)
            }
        }
    }

    @Test("What ranks measured is what the first one found, to the bit")
    func agreement() throws {
        let numbers = try withRanks(3) { group in
            try DataParallel(group).agreed(
                [0.1, 1 / 3, .infinity].map { $0 * Double(group.rank + 1) }
            )
        }
        for found in numbers { #expect(try found.get() == [0.1, 1 / 3, .infinity]) }
        #expect(try DataParallel(nil).agreed([2]) == [2])
    }

    @Test(
        "A wish of any rank stops all, and they go on to the same bytes",
        arguments: [TrainingMethod.ivon, .automaticIVON]
    )
    func resume(_ method: TrainingMethod) throws {
        try withTinyRun(method) {
            ($0.steps, $0.saveEvery, $0.logEvery, $0.evalEvery) = (7, 4, 3, 5)
        } _: { tiny in
            for outcome in try tiny.trainRanks("whole", 2) { _ = try outcome.get() }
            let stopped = try tiny.trainRanks("stopped", 2, shouldStop: { $0 == 1 })
            for outcome in stopped { #expect(try outcome.get() == .stopped(step: 1)) }
            let notes = Notes()
            let again = try tiny.trainRanks("stopped", 2, resume: true) { _, event in
                if case .trained(let step, _) = event { notes.add(step) }
            } shouldStop: { rank in
                rank == 0 && notes.all.contains(4)
            }
            for outcome in again { #expect(try outcome.get() == .stopped(step: 5)) }
            for outcome in try tiny.trainRanks("stopped", 2, resume: true) { _ = try outcome.get() }
            #expect(try tiny.run("whole").differences(from: tiny.run("stopped")).isEmpty)
        }
    }

    @Test("A group of one rank writes the bytes of a run without a group")
    func one() throws {
        try withTinyRun(.ivon) { tiny in
            try tiny.train("alone")
            for outcome in try tiny.trainRanks("group", 1) { _ = try outcome.get() }
            let differences = try tiny.run("alone").differences(from: tiny.run("group"))
            // Numbers of ranks are part of the results.
            #expect(differences == ["metrics.json"])
        }
    }

    /// What a rank may be started with besides what rank 0 has.
    enum Difference: CaseIterable, Sendable {
        case seed, model, training, test, none
    }

    @Test(
        "Ranks that disagree stop at the start, with key and rank",
        arguments: Difference.allCases
    )
    func disagreement(_ difference: Difference) throws {
        try withTinyRun(.ivon) { tiny in
            let other = try TinyTask(in: tiny.folder.appendingPathComponent("other"), seed: 2)
            for part in ["train", "test"] {
                try FileManager.default.copyItem(
                    at: other.task,
                    to: tiny.folder.appendingPathComponent("task-\(part)")
                )
                let file = tiny.folder.appendingPathComponent("task-\(part)/\(part).jsonl")
                let lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
                try Data(lines.dropLast().joined(separator: "\n".utf8)).write(to: file)
            }
            let outcomes = try tiny.trainRanks(
                "run",
                3,
                change: { tiny, rank in
                    guard rank == 1 else { return }
                    switch difference {
                    case .seed: tiny.recipe.seed = 4
                    case .model: tiny.recipe.model = other.model.path
                    case .training:
                        tiny.recipe.task = tiny.folder.appendingPathComponent("task-train").path
                    case .test:
                        tiny.recipe.task = tiny.folder.appendingPathComponent("task-test").path
                    case .none: tiny.recipe.task = other.task.path
                    }
                }
            )
            let starts =
                [
                    .seed: "rank 1 was started with seed 4, expected 3",
                    .model: "rank 1 was started with base model ",
                    .training: "rank 1 was started with training data ",
                    .test: "rank 1 was started with test data ", .none: "",
                ] as [Difference: String]
            for outcome in outcomes {
                let text = sentence { _ = try outcome.get() }
                #expect(text.hasPrefix(try #require(starts[difference])), "\(text)")
                #expect(text.isEmpty == (difference == .none))
            }
            #expect(try tiny.run("run").holdsRun == (difference == .none))
        }
    }

    @Test("A batch smaller than the number of ranks is refused")
    func smallBatch() throws {
        try withTinyRun(.adamw) {
            $0.batchSize = 2
        } _: { tiny in
            for outcome in try tiny.trainRanks("run", 3) {
                let text = sentence { _ = try outcome.get() }
                #expect(text == "batch-size: expected at least the number of ranks, 3, found 2")
            }
        }
    }

    @Test("An attempt of the same launcher goes on with its run, another launch does not")
    func launcher() throws {
        try withTinyRun(.adamw) { tiny in
            let run = tiny.run("run")
            try run.prepare(for: tiny.recipe, resume: false, force: false, launcher: "a host 7")
            var launch = Launch()
            launch.launcher = "a host 7"
            #expect(try run.isRun(of: launch))
            #expect(try !tiny.run("other").isRun(of: launch))
            launch.launcher = "a host 8"
            #expect(try !run.isRun(of: launch))
            launch.launcher = nil
            #expect(try !run.isRun(of: launch))
            launch.launcher = "a host 7"
            try run.prepare(for: tiny.recipe, resume: false, force: true)
            #expect(try !run.isRun(of: launch))
        }
    }
}
