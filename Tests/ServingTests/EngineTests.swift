import Evaluation
import Foundation
import LanguageModels
import TestSupport
import Testing
import TextTasks
import Torch
import Training

@testable import Serving

@Suite("The engine", .serialized)
struct EngineTests {
    private static let states = (0..<12).map {
        "The day number \($0) is \($0 % 3 == 0 ? "good" : "old")"
    }

    /// Answers are equal but for rounding: the draws of a request alone share a pass.
    private func expectEqual(_ one: Decision, _ other: Decision) {
        for (mine, theirs) in zip(one.answers, other.answers) {
            let pairs = zip(mine.answer.probabilities, theirs.answer.probabilities)
            #expect(mine.id == theirs.id && pairs.allSatisfy { abs($0 - $1) < 1e-5 })
        }
        #expect(one.answers.count == other.answers.count && one.model == other.model)
    }

    @Test("A batch answers as one request after the other, by each of several models")
    func batches() async throws {
        var limits = ServiceLimits()
        limits.batchMilliseconds = 200
        try await withTinyEngine(limits) { engine, _ in
            for model in 0..<3 {
                var alone: [Decision] = []
                for state in Self.states {
                    alone.append(try await engine.decide(asked(mixed, state: state), by: model))
                }
                let together = try await withThrowingTaskGroup(of: (Int, Decision).self) { group in
                    for (index, state) in Self.states.enumerated() {
                        let stated = try asked(mixed, state: state)
                        group.addTask { (index, try await engine.decide(stated, by: model)) }
                    }
                    var found: [Int: Decision] = [:]
                    for try await (index, decision) in group { found[index] = decision }
                    return found
                }
                for (index, decision) in alone.enumerated() {
                    expectEqual(decision, try #require(together[index]))
                }
                let first = alone.map { $0.answers[0].answer.probabilities[0] }
                #expect(Set(first).count > 6, "answers must differ for mix-ups to show")
            }
        }
    }

    @Test("Runs that share a base answer as they do alone, by predict")
    func predict() async throws {
        try await withTinyEngine { engine, folders in
            #expect(engine.models.map(\.name) == ["ivon", "adamw", "model-1"])
            let stated = try asked(mixed)
            for (index, folder) in [folders.ivon, folders.adamw].enumerated() {
                // Others come in between, so that adapters take turns.
                _ = try await engine.decide(stated, by: 2 - index)
                let decision = try await engine.decide(stated, by: index)
                let run = try TrainedRun(
                    RunFolder(URL(fileURLWithPath: folder)),
                    model: LoadedModel(try ModelLocation(folders.model))
                )
                let expected = try run.predict(stated.examples(id: "s"))
                for (named, averaged) in zip(decision.answers, expected) {
                    let pairs = zip(named.answer.probabilities, averaged.prediction.probabilities)
                    #expect(pairs.allSatisfy { abs($0 - $1) < 1e-6 })
                    #expect((named.answer.spread != nil) == (index == 0))
                    let (mine, theirs) = (
                        named.answer.mutualInformation, averaged.prediction.mutualInformation
                    )
                    #expect(abs((mine ?? 0) - (theirs ?? 0)) < 1e-6)
                }
            }
            let model = try LoadedModel(try ModelLocation(folders.model))
            let encoder = try ExampleEncoder(model.tokenizer, maximumLength: 16384)
            let base = try DrawnAnswers(
                AnswerScorer(model.model, adapters: nil, device: .cpu)
            ).predictions(try encoder.encode(stated.examples(id: "s")).examples)
            _ = try await engine.decide(stated, by: 0)
            let untouched = try await engine.decide(stated, by: 2)
            for (named, averaged) in zip(untouched.answers, base) {
                let pairs = zip(named.answer.probabilities, averaged.prediction.probabilities)
                #expect(pairs.allSatisfy { abs($0 - $1) < 1e-6 })
            }
        }
    }

    @Test("Other names, orders and questions beside it leave an answer as it is")
    func independence() async throws {
        try await withTinyEngine { engine, _ in
            let noul = #"{"type": "noul", "instructions": "Is it good?"}"#
            let score = #"{"type": "score", "criteria": ["bad", "good"]}"#
            let forms = [
                (#"{"a": \#(noul)}"#, 0), (#"{"renamed 🎯": \#(noul)}"#, 0),
                (#"{"a": \#(noul), "b": \#(score)}"#, 0), (#"{"b": \#(score), "a": \#(noul)}"#, 1),
            ]
            var found: [Double] = []
            for (questions, index) in forms {
                let decision = try await engine.decide(asked(questions), by: 0)
                found.append(decision.answers[index].answer.probabilities[1])
            }
            for one in found { #expect(abs(one - found[0]) < 1e-6) }
        }
    }

    @Test("What cannot be put as tokens is refused, and told by its question")
    func refused() async throws {
        var limits = ServiceLimits()
        limits.promptTokens = 60
        try await withTinyEngine(limits) { engine, _ in
            let long = String(repeating: "good old day ", count: 60)
            let error = await #expect(throws: ServiceError.self) {
                try await engine.decide(asked(mixed, state: long), by: 0)
            }
            #expect(error?.status == 413)
            #expect(error?.message.hasPrefix("questions.sure: expected at most 60 tokens") == true)
        }
    }

    @Test("A request that nobody waits for gives up its place")
    func cancelled() async throws {
        var limits = ServiceLimits()
        limits.batchMilliseconds = 5000
        try await withTinyEngine(limits) { engine, _ in
            let stated = try asked(mixed)
            let task = Task { try await engine.decide(stated, by: 0) }
            while engine.waitingCount == 0 { try await Task.sleep(for: .milliseconds(1)) }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(engine.waitingCount == 0)
        }
    }

    @Test("Folders that cannot be served are named")
    func subjects() throws {
        let folders = try TinyRuns.folders()
        #expect(throws: ServingError.nothingToServe) { try ServedSubjects(runs: [], base: nil) }
        let twice = #expect(throws: ServingError.self) {
            try ServedSubjects(runs: [folders.ivon, folders.ivon + "/"], base: nil)
        }
        #expect("\(try #require(twice))".contains(#"another name than "ivon""#))
        #expect(throws: TrainingError.self) { try ServedSubjects(runs: ["nowhere"], base: nil) }
    }

    @Test(
        "A real model answers as it does without the server",
        .enabled(if: RealModel.isWanted, "VARLORA_DEMO is not set")
    )
    func realModel() async throws {
        let file = try #require(RealModel.file)
        let subjects = try ServedSubjects(runs: [], base: file.path)
        let (loads, load) = AsyncStream<Void>.makeStream()
        let limits = ServiceLimits()
        let engine = RunEngine(subjects.models, limits)
        engine.start(
            load: { try subjects.load(limits) },
            onLoad: { _ in load.finish() }
        )
        for await _ in loads {}
        let stated = try asked(mixed, state: "What a wonderful day, everything is new and good.")
        let decision = try await engine.decide(stated, by: 0)
        engine.close()
        try RealModel.use { model in
            let encoder = try ExampleEncoder(model.tokenizer, maximumLength: 8192)
            let expected = try DrawnAnswers(
                AnswerScorer(model.model, adapters: nil, device: .cpu)
            ).predictions(try encoder.encode(stated.examples(id: "s")).examples)
            for (named, averaged) in zip(decision.answers, expected) {
                let pairs = zip(named.answer.probabilities, averaged.prediction.probabilities)
                #expect(pairs.allSatisfy { abs($0 - $1) < 1e-5 })
            }
        }
    }
}
