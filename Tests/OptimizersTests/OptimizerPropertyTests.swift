import TestSupport
import Testing
import Torch

@testable import Optimizers

@Suite("Optimizers keep their promises")
struct OptimizerPropertyTests {
    private struct Stop: Error {}

    private func parameters(_ values: [Double]) -> FlatParameters {
        let parameters = FlatParameters([("a", [2, 2]), ("b", [values.count - 4])])
        parameters.values.copyInPlace(Tensor(values.map(Float.init)))
        return parameters
    }

    private func ivon(_ parameters: FlatParameters, draws: Int = 1) -> IVON {
        var settings = IVON.Settings(effectiveSampleSize: 100)
        settings.draws = draws
        settings.hessianInitialization = 0.5
        return IVON(parameters, learningRate: 0.1, settings: settings) { step, draw in
            Generator(seed: UInt64(10 * step + draw)).normal([parameters.count])
        }
    }

    @Test("A throw inside any draw leaves mean, Hessian, momentum and step count untouched")
    func throwRestores() throws {
        let parameters = parameters([1, 2, 3, 4, 5, 6])
        let optimizer = ivon(parameters, draws: 3)
        _ = try optimizer.step { 0 }
        let values = parameters.values.clone()
        let state = optimizer.state.mapValues { $0.clone() }
        for failing in 0..<3 {
            var call = 0
            #expect(throws: Stop.self) {
                try optimizer.step {
                    defer { call += 1 }
                    if call == failing { throw Stop() }
                    parameters.gradients.addInPlace(Tensor.full([6], 1))
                    return 0
                }
            }
            #expect(parameters.values.isEqual(to: values))
            for (name, vector) in optimizer.state {
                #expect(vector.isEqual(to: try #require(state[name])))
            }
            #expect(optimizer.stepCount == 1)
        }
    }

    @Test("Micro-batches under one draw give the step of the whole batch")
    func accumulation() throws {
        func run(_ gradients: [[Float]]) throws -> Tensor {
            let parameters = parameters([1, 2, 3, 4, 5, 6])
            let optimizer = ivon(parameters, draws: 2)
            for _ in 0..<3 {
                _ = try optimizer.step {
                    for gradient in gradients { parameters.gradients.addInPlace(Tensor(gradient)) }
                    return 0
                }
            }
            return parameters.values.clone()
        }
        let whole = try run([[1, -2, 3, 0.5, -1, 4]])
        let parts = try run([[0.5, -1, 2, 0.25, -1, 1], [0.5, -1, 1, 0.25, 0, 3]])
        #expect(whole.isEqual(to: parts))
    }

    @Test("Gradients of a graph land in the flat vector, in place and added up")
    func gradientsInPlace() throws {
        let parameters = parameters([1, 2, 3, 4, 5, 6])
        let a = try #require(parameters.tensors["a"])
        let b = try #require(parameters.tensors["b"])
        for _ in 0..<2 { ((a * a).sum() + (b * 3).sum()).backward() }
        #expect(parameters.gradients.doubles == [4, 8, 12, 16, 6, 6])
        parameters.gradients.zeroInPlace()
        (b * 3).sum().backward()
        #expect(parameters.gradients.doubles == [0, 0, 0, 0, 3, 3])
    }

    @Test("The variance of the draws is 1 / (λ (h + δ))")
    func drawVariance() throws {
        let parameters = FlatParameters([("a", [20_000])])
        var settings = IVON.Settings(effectiveSampleSize: 50)
        settings.hessianInitialization = 0.3
        settings.weightDecay = 0.1
        let optimizer = IVON(parameters, learningRate: 0.1, settings: settings) { step, _ in
            Generator(seed: UInt64(step)).normal([20_000])
        }
        var variance = 0.0
        _ = try optimizer.step {
            variance = parameters.values.power(2).mean().item
            return 0
        }
        let expected = 1 / (50.0 * (0.3 + 0.1))
        // The relative standard error of a variance from n draws is sqrt(2 / n) = 1%.
        #expect(abs(variance / expected - 1) < 0.04)
    }

    @Test("Under a prior of its own IVON ends where loss and prior balance, with their variance")
    func prior() throws {
        let parameters = parameters([1, 2, 3, 4, 5, 6])
        let curvature = Tensor([Float](arrayLiteral: 1, 2, 3, 4, 5, 6))
        let best = Tensor([Float](arrayLiteral: 3, -1, 0, 2, 4, 1))
        let (mean, decay) = (Tensor([Float](arrayLiteral: 1, 0, -2, 0.5, 3, 6)), 4.0)
        var settings = IVON.Settings(effectiveSampleSize: 1e6)
        settings.hessianInitialization = 0
        settings.weightDecay = decay
        (settings.beta2, settings.rescalesLearningRate) = (1 - 1e-15, false)
        settings.learningRateUnit = 0.1
        let optimizer = IVON(
            parameters,
            learningRate: 1,
            settings: settings,
            priorMean: mean
        ) { step, draw in
            Generator(seed: UInt64(10 * step + draw)).normal([6])
        }
        for _ in 0..<400 {
            _ = try optimizer.step {
                parameters.gradients.addInPlace((parameters.values - best) * curvature)
                return 0
            }
        }
        // k (m - b) + δ (m - m₀) = 0, whatever h is.
        let balance = (curvature * best + mean * decay) / (curvature + decay)
        #expect(parameters.values.largestDifference(to: balance) < 1e-2)
        let variance = (optimizer.hessian + decay).power(-1) * 1e-6
        #expect(optimizer.standardDeviation.power(2).relativeDifference(to: variance) < 1e-6)
        #expect(optimizer.hessian.largestDifference(to: Tensor.zeros([6])) < 1e-3)
    }

    @Test("A restored optimizer goes on as if it had not stopped", arguments: [true, false])
    func restore(_ usesIVON: Bool) throws {
        func make(_ parameters: FlatParameters) -> any Optimizer {
            usesIVON ? ivon(parameters) : AdamW(parameters, learningRate: 0.1)
        }
        func step(_ optimizer: any Optimizer, _ parameters: FlatParameters) throws {
            _ = try optimizer.step {
                parameters.gradients.addInPlace(parameters.values.detached(), times: 0.3)
                return 0
            }
        }
        let first = parameters([1, 2, 3, 4, 5, 6])
        let optimizer = make(first)
        for _ in 0..<3 { try step(optimizer, first) }
        let second = parameters(first.values.doubles)
        let restored = make(second)
        restored.restore(stepCount: 3, state: optimizer.state.mapValues { $0.clone() })
        for _ in 0..<3 {
            try step(optimizer, first)
            try step(restored, second)
        }
        #expect(first.values.isEqual(to: second.values))
    }
}
