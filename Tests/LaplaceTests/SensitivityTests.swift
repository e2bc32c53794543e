import Evaluation
import Foundation
import Optimizers
import Posteriors
import TestSupport
import Testing
import TextTasks
import Torch

@testable import Laplace

@Suite("Estimates of leaving a training example out")
struct SensitivityTests {
    /// Posteriors by name, and `w S` of each applied to a gradient [count].
    private typealias Covariance = (Tensor) -> Tensor

    private func posterior(
        _ name: String,
        _ model: TinyModel
    ) throws -> (kind: any Posterior, covariance: Covariance) {
        let (generator, count) = (Generator(seed: 5), model.parameters.count)
        let positive = generator.uniform([count], 0.5..<2)
        switch name {
        case IVONPosterior.name:
            let kind = IVONPosterior(
                hessian: positive,
                effectiveSampleSize: 50,
                weightDecay: 0.25,
                hessianInitialization: 1
            )
            // λ / n · 1 / (λ (h + δ))
            let examples = Double(model.examples.count)
            return (kind, { $0 / ((positive + 0.25) * examples) })
        case SWAGPosterior.name:
            let kind = SWAGPosterior(variance: positive, deviations: generator.normal([2, count]))
            return (kind, { $0 * positive })
        case LaplaceDiagonalPosterior.name:
            let kind = LaplaceDiagonalPosterior(
                fisher: positive,
                priorPrecision: 0.5,
                of: model.parameters.entries
            )
            return (kind, { $0 / (positive + 0.5) })
        default:
            let kind = try model.fitter().kronecker().posterior
            let entries = model.parameters.entries
            return (
                kind,
                { gradient in
                    let parts = entries.indices.map { index in
                        let part = FlatParameters.view(gradient, entries[index])
                        return kind.whitened(kind.whitened(part, of: index), of: index)
                            .reshaped([-1])
                    }
                    return Tensor.concatenated(parts, along: 0)
                }
            )
        }
    }

    private func sensitivities(
        _ model: TinyModel,
        _ kind: any Posterior,
        maximumTokens: Int = 1024
    ) throws -> [Sensitivity] {
        let estimator = SensitivityEstimator(kind, model.scorer, parameters: model.parameters)
        return try #require(estimator)
            .sensitivities(to: model.examples, maximumTokens: maximumTokens)
    }

    /// The gradient of a scalar with respect to all parameters [count].
    private func gradient(_ model: TinyModel, _ scalar: Tensor) -> Tensor {
        model.parameters.gradients.zeroInPlace()
        scalar.backward()
        return model.parameters.gradients.clone()
    }

    /// Examples of several kinds: answers of several tokens, fewer answers, votes, one answer.
    private func mixedModel() throws -> TinyModel {
        var model = try GoldenLaplace.all[1].load()
        model.examples.append(model.examples[0])
        model.examples[0].answers = [[5, 9, 3], [5, 2], [6]]
        model.examples[1].answers = [[7], [8]]
        model.examples[1].label = 1
        model.examples[2].targets = [0.2, 0.7, 0.1]
        model.examples[3].answers = [[4]]
        model.examples[3].label = 0
        return model
    }

    @Test(
        "They are products of gradients by plain backward passes and the posterior's covariance",
        arguments: SensitivityEstimator.kinds
    )
    func reference(_ name: String) throws {
        let model = try mixedModel()
        let (kind, covariance) = try posterior(name, model)
        let found = try sensitivities(model, kind)
        #expect(found.count == 4)
        for (example, found) in zip(model.examples, found).prefix(3) {
            let batch = AnswerBatch([example])
            let label = try #require(example.label)
            let others = example.answers.indices.filter { $0 != label }
            let logits = model.scorer.logits(batch)  // [1, answers]
            let rest = logits.selecting(Tensor(others), along: 1)
            // f_y less the log of the sum of the others' exponentials.
            let sum =
                rest.narrowed(1, start: 0, length: 1)
                - rest.logSoftmax(along: 1).narrowed(1, start: 0, length: 1)
            let logOdds = (logits.narrowed(1, start: label, length: 1) - sum).sum()
            let odds = gradient(model, logOdds)
            let loss = gradient(model, model.scorer.loss(batch))
            func product(_ a: Tensor, _ b: Tensor) -> Double { (a * covariance(b)).sum().item }
            for (value, expected) in [
                (found.probability, 1 / (1 + exp(-logOdds.item))),
                (found.variance, product(odds, odds)),
                (found.logOddsChange, product(odds, loss)),
                (found.lossChange, product(loss, loss)),
            ] {
                #expect(abs(value - expected) < 1e-3 * abs(expected), "\(name)")
            }
            guard example.targets == nil else { continue }
            // Error times variance, and error times that.
            let error = 1 - found.probability
            let change = -error * found.variance
            #expect(abs(found.logOddsChange - change) < 1e-4 * abs(change))
            #expect(abs(found.lossChange + error * change) < 1e-4 * found.lossChange)
        }
        #expect(
            found[3]
                == Sensitivity(probability: 1, variance: 0, logOddsChange: 0, lossChange: 0),
            "nothing depends on an example of one answer"
        )
    }

    @Test("Training again without an example changes its loss as estimated, to first order")
    func leavingOut() throws {
        let model = try GoldenLaplace.all[1].load()
        let start = model.parameters.values.clone()
        func loss(_ index: Int) -> Double {
            model.scorer.loss(AnswerBatch([model.examples[index]])).item
        }
        /// Minimises the examples' losses plus `precision / 2` times the squared distance from the
        /// start, which outweighs the losses' curvature: the fixed point of the gradient.
        func train(on members: [Int], _ precision: Double) {
            for _ in 0..<4 {
                let examples = members.map { model.examples[$0] }
                let gradient = gradient(model, model.scorer.loss(AnswerBatch(examples)))
                model.parameters.values.copyInPlace(start - gradient * (1 / precision))
            }
        }
        /// The largest relative error of the estimates.
        func error(_ precision: Double) throws -> Double {
            train(on: [0, 1, 2], precision)
            let count = model.parameters.count
            let laplace = LaplaceDiagonalPosterior(
                fisher: Tensor.zeros([count]),
                priorPrecision: precision,
                of: model.parameters.entries
            )
            let ivon = IVONPosterior(
                hessian: Tensor.zeros([count]),
                effectiveSampleSize: 1000,
                // Of the mean loss over three examples.
                weightDecay: precision / 3,
                hessianInitialization: 1
            )
            let estimates = try sensitivities(model, laplace).map(\.lossChange)
            for (one, other) in zip(try sensitivities(model, ivon), estimates) {
                #expect(abs(one.lossChange - other) < 1e-5 * other)
            }
            let before = (0..<3).map(loss)
            let errors = (0..<3).map { index in
                train(on: [0, 1, 2].filter { $0 != index }, precision)
                return abs((loss(index) - before[index]) / estimates[index] - 1)
            }
            return errors.max() ?? .infinity
        }
        let (weak, strong) = (try error(1e4), try error(4e4))
        #expect(weak < 0.01)
        // What is left out is of second order.
        #expect(strong < weak / 3)
    }

    @Test("Batches of another size change nothing but the last digits")
    func batches() throws {
        let model = try mixedModel()
        let (kind, _) = try posterior(IVONPosterior.name, model)
        let alone = try sensitivities(model, kind, maximumTokens: 1)
        for (one, other) in zip(try sensitivities(model, kind), alone) {
            #expect(abs(one.lossChange - other.lossChange) <= 1e-4 * other.lossChange)
        }
    }

    @Test("Where the head is adapted, answers of several tokens are refused")
    func headOfLongAnswers() throws {
        var model = try GoldenLaplace.all[2].load()
        let (kind, _) = try posterior(IVONPosterior.name, model)
        #expect(try sensitivities(model, kind).count == model.examples.count)
        model.examples[1].answers[0] = [5, 9]
        let error = #expect(throws: LaplaceError.self) { try sensitivities(model, kind) }
        #expect(error == .longAnswers(id: "1", tokens: 2))
        #expect("\(error.map { "\($0)" } ?? "")".contains("found 2 tokens (example 1)"))
    }

    @Test("A posterior without variances gives no estimates")
    func withoutVariances() throws {
        let model = try GoldenLaplace.all[0].load()
        let (parameters, values) = (model.parameters, model.parameters.values)
        let others: [any Posterior] = [
            DropoutPosterior(probability: 0.1, of: parameters.entries),
            EnsemblePosterior([values, values]), TFBPosterior(noise: 0.1, around: parameters),
        ]
        for kind in others {
            #expect(SensitivityEstimator(kind, model.scorer, parameters: parameters) == nil)
        }
        #expect(
            SensitivityEstimator.kinds
                == ["ivon", "normal", "swag", "laplace-diagonal", "laplace-kfac"]
        )
    }
}
