import Foundation
import JSON
import Optimizers
import RunFiles
import TestSupport
import Testing
import Torch

@testable import Training

@Suite("Times of training steps")
struct StepTimesTests {
    /// An optimizer that takes a known time before each draw and after the last.
    private final class Sleeper: Optimizer {
        var learningRate = 0.0
        var stepCount = 0
        var state: [String: Tensor] { [:] }
        func restore(stepCount: Int, state: [String: Tensor]) {}
        func step(_ loss: () throws -> Double) throws -> Double {
            var total = 0.0
            for _ in 0..<2 {
                Thread.sleep(forTimeInterval: 0.04)
                total += try loss()
            }
            Thread.sleep(forTimeInterval: 0.02)
            return total
        }
    }

    @Test("Loss, draws and update are told apart, and add up to the step")
    func parts() throws {
        let clock = ContinuousClock()
        let start = clock.now
        let (loss, times) = try StepTimes.measure(Sleeper()) {
            Thread.sleep(forTimeInterval: 0.01)
            return 2
        }
        let seconds = (clock.now - start).inSeconds
        #expect(loss == 4 && times.steps == 1 && times.evaluation == nil)
        #expect(times.draw >= 0.08 && times.forwardBackward >= 0.02 && times.update >= 0.02)
        #expect(times.total <= seconds && times.total > 0.9 * seconds)
    }

    @Test("An error of the loss is passed on")
    func errors() {
        struct Fault: Error {}
        #expect(throws: Fault.self) { _ = try StepTimes.measure(Sleeper()) { throw Fault() } }
    }

    @Test("Lines hold the sums since the line before, within the time between them")
    func lines() throws {
        try withTinyRun {
            ($0.steps, $0.logEvery, $0.evalEvery) = (7, 2, 4)
        } _: { tiny in
            let (run, model) = (tiny.run("run"), try tiny.model())
            let trainer = try Trainer(tiny.recipe, model: model, run: run)
            _ = try trainer.run()
            let text = try String(contentsOf: run.timings, encoding: .utf8)
            let lines = try text.split(separator: "\n").map {
                try JSONDecoder().decode([String: Double].self, from: Data($0.utf8))
            }
            #expect(lines.map { $0["step"] } == [2, 4, 6])
            #expect(lines.map { $0["steps"] } == [2, 2, 2])
            // Step 4 is evaluated after its line.
            #expect(lines.map { $0["evaluation_seconds"] != nil } == [false, false, true])
            var last = 0.0
            for line in lines {
                let names = ["forward_backward_seconds", "draw_seconds", "step_seconds"]
                let parts = names.compactMap { line[$0] }
                #expect(parts.count == 3 && parts.allSatisfy { $0 > 0 })
                let sum = parts.reduce(0, +) + (line["evaluation_seconds"] ?? 0)
                let seconds = try #require(line["seconds"])
                #expect(sum <= seconds - last)
                last = seconds
            }
            // The profile also has the step after the last line.
            let profile = trainer.profile
            #expect(profile.times.steps == 7 && profile.times.total <= profile.seconds)
            #expect(profile.passes == 7 && profile.sequences == 28)
            #expect(profile.tokens > 28 && profile.operations.total > 0)
        }
    }

    @Test("The search for widths is a part of the training's time, of its first line")
    func search() throws {
        try withTinyRun {
            ($0.method, $0.steps, $0.logEvery) = (.automaticIVON, 4, 2)
        } _: { tiny in
            let trainer = try Trainer(tiny.recipe, model: tiny.model(), run: tiny.run("run"))
            _ = try trainer.run()
            let lines = try JSONLines.read(Timing.self, from: tiny.run("run").timings).map(\.row)
            let search = try #require(lines.first?.times?.search)
            #expect(search > 0 && lines.last?.times?.search == nil)
            #expect(try #require(lines.first).seconds > search)
            #expect(trainer.profile.times.search == search)
        }
    }

    @Test("Draws and micro-batches are passes of their own")
    func passes() throws {
        try withTinyRun {
            ($0.steps, $0.batchSize, $0.microBatchSize, $0.trainDraws) = (3, 4, 3, 2)
        } _: { tiny in
            let trainer = try Trainer(tiny.recipe, model: tiny.model(), run: tiny.run("run"))
            _ = try trainer.run()
            #expect(trainer.profile.passes == 3 * 2 * 2)
            #expect(trainer.profile.sequences == 3 * 2 * 4)
        }
    }

    @Test("The rate of matrix products and the peak memory are those of a machine")
    func limits() throws {
        try withTinyRun { tiny in
            let rate = try MachineLimits.matrixProductRate(of: tiny.model(), rows: 16)
            #expect(rate > 1e6 && rate < 1e16)
            let before = try #require(PeakMemory.bytes)
            let held = Tensor.full([32 << 20], 1)
            #expect(try #require(PeakMemory.bytes) >= before)
            #expect(try #require(PeakMemory.bytes) > held.shape[0] * 4)
        }
    }
}
