import JSON
import TestSupport
import Testing
import Torch

@testable import Optimizers

/// Least squares over a few examples: the loss of an example is (θ · x - y)² / 2.
private struct Regression {
    let parameters = FlatParameters([("a", [3]), ("b", [2, 2])])
    private let inputs: Tensor  // [examples, 7]
    private let targets: Tensor  // [examples, 1]
    private static let examples = 6

    init() {
        let generator = Generator(seed: 5)
        inputs = generator.normal([Self.examples, 7])
        targets = generator.normal([Self.examples, 1])
        parameters.values.copyInPlace(generator.normal([7]))
    }

    /// The part of the mean loss over all examples that some of them have, and its gradient.
    func loss(of range: Range<Int>, times factor: Double = 1) -> Double {
        let rows = inputs.narrowed(0, start: range.lowerBound, length: range.count)
        let errors =
            rows.matmul(parameters.values.detached().view([7, 1]))
            - targets.narrowed(0, start: range.lowerBound, length: range.count)
        let weight = factor / Double(Self.examples)
        let gradient = (rows.transposed(0, 1).matmul(errors) * weight).view([7])
        parameters.gradients.addInPlace(gradient)
        return (errors * errors * (0.5 * weight)).sum().item
    }

    /// The examples of each rank; uneven.
    static let parts = [0..<4, 4..<6]
}

/// Adds up over a group.
private func reduction(_ group: ProcessGroup) -> Reduction {
    { try group.sum($0, with: [$1])[0] }
}

@Suite("Optimizers on several ranks", .enabled(if: Engine.hasGloo))
struct RankTests {
    @Test("AdamW on two ranks takes the steps of the joined batch")
    func adamW() throws {
        let joined = Regression()
        let optimizer = AdamW(joined.parameters, learningRate: 0.05)
        let losses = try (0..<20).map { _ in try optimizer.step { joined.loss(of: 0..<6) } }
        let results = try withRanks(2) { group in
            let problem = Regression()
            let optimizer = AdamW(
                problem.parameters,
                learningRate: 0.05,
                reduce: reduction(group)
            )
            let losses = try (0..<20).map { _ in
                try optimizer.step { problem.loss(of: Regression.parts[group.rank]) }
            }
            return (problem.parameters.values, losses)
        }
        for result in results {
            let (values, found) = try result.get()
            #expect(values.largestDifference(to: joined.parameters.values) < 1e-5)
            for (loss, expected) in zip(found, losses) { #expect(abs(loss - expected) < 1e-5) }
        }
        #expect(try results[0].get().0.isEqual(to: results[1].get().0))
    }

    private static func ivon(
        _ problem: Regression,
        draws: Int = 1,
        reduce: Reduction? = nil,
        noise: @escaping IVON.NoiseSource
    ) -> IVON {
        var settings = IVON.Settings(effectiveSampleSize: 50)
        (settings.hessianInitialization, settings.beta2) = (0.5, 0.9)
        settings.draws = draws
        return IVON(
            problem.parameters,
            learningRate: 0.05,
            settings: settings,
            reduce: reduce,
            noise: noise
        )
    }

    private static func noise(_ step: Int, _ rank: Int) -> Tensor {
        Generator(seed: UInt64(100 * step + rank)).normal([7])
    }

    @Test("IVON on two ranks takes the steps of two draws, each with its part of the batch")
    func ivon() throws {
        let single = Regression()
        let optimizer = Self.ivon(single, draws: 2, noise: Self.noise)
        for _ in 0..<20 {
            var draw = 0
            _ = try optimizer.step {
                defer { draw += 1 }
                // Draws are averaged and ranks added up, hence the factor.
                return single.loss(of: Regression.parts[draw], times: 2)
            }
        }
        let results = try withRanks(2) { group in
            let problem = Regression()
            let optimizer = Self.ivon(problem, reduce: reduction(group)) { step, _ in
                Self.noise(step, group.rank)
            }
            for _ in 0..<20 {
                _ = try optimizer.step { problem.loss(of: Regression.parts[group.rank]) }
            }
            return [problem.parameters.values, optimizer.hessian]
        }
        for result in results {
            for (found, expected) in zip(
                try result.get(),
                [single.parameters.values, optimizer.hessian]
            ) {
                #expect(found.largestDifference(to: expected) < 1e-5)
            }
        }
        #expect(try results[0].get()[0].isEqual(to: results[1].get()[0]))
        #expect(
            single.parameters.values.largestDifference(to: Regression().parameters.values) > 0.1
        )
    }

    @Test("IVON on two ranks that share the batch equals ivon-opt with two samples")
    func ivonGolden() throws {
        let file = try Golden.json("Optimizers/problem.json")
        let noise = try Golden.json("Optimizers/ivon-noise.json").elements().map {
            try $0.elements().map { try $0.numbers() }
        }
        let run = try #require(
            try GoldenRun.all("ivon-float64.json", steps: "steps").first {
                $0.name == "two-samples"
            }
        )
        func vector(_ name: String) throws -> [Double] { try file.required(name).numbers() }
        let (curvature, target) = (try vector("curvature"), try vector("target"))
        let initial = try vector("initial")
        func number(_ key: String) throws -> Double { try run.settings.required(key).number() }
        var settings = IVON.Settings(effectiveSampleSize: try number("ess"))
        settings.hessianInitialization = try number("hess_init")
        settings.beta1 = try number("beta1")
        settings.beta2 = try number("beta2")
        settings.weightDecay = try number("weight_decay")
        settings.rescalesLearningRate = false
        let (fixed, rate, count) = (settings, try number("lr"), initial.count)
        let results = try withRanks(2) { group in
            let parameters = FlatParameters([("all", [count])], dtype: .float64)
            parameters.values.copyInPlace(Tensor(initial))
            let optimizer = IVON(
                parameters,
                learningRate: rate,
                settings: fixed,
                reduce: reduction(group)
            ) { step, _ in
                Tensor(noise[step][group.rank])
            }
            return try (0..<10).map { _ in
                _ = try optimizer.step {
                    let gradient =
                        Tensor(curvature) * (parameters.values.detached() - Tensor(target))
                    parameters.gradients.addInPlace(gradient, times: 0.5)
                    return 0
                }
                return (parameters.values.doubles, optimizer.hessian.doubles)
            }
        }
        for result in results {
            for ((values, hessian), step) in zip(try result.get(), run.steps) {
                for (key, found) in [("parameters", values), ("hessian", hessian)] {
                    for (number, expected) in zip(found, try step.required(key).numbers()) {
                        #expect(abs(number - expected) < 1e-8 * max(1, abs(expected)))
                    }
                }
            }
        }
        #expect(run.steps.count == 10)
    }

    @Test("A rank lost in a step leaves parameters and state as before it")
    func lost() throws {
        struct Stop: Error {}
        struct Expected: Error {}
        let results = try withRanks(2) { group in
            let problem = Regression()
            let optimizer = Self.ivon(problem, reduce: reduction(group), noise: Self.noise)
            _ = try optimizer.step { problem.loss(of: 0..<6) }
            let before = [problem.parameters.values.clone(), optimizer.hessian.clone()]
            do {
                _ = try optimizer.step {
                    if group.rank == 1 { throw Stop() }
                    return problem.loss(of: 0..<6)
                }
            } catch is ProcessGroupError {
                #expect(before[0].isEqual(to: problem.parameters.values))
                #expect(before[1].isEqual(to: optimizer.hessian))
                #expect(optimizer.stepCount == 1)
                throw Expected()
            }
        }
        #expect(throws: Expected.self) { try results[0].get() }
        #expect(throws: Stop.self) { try results[1].get() }
    }
}
