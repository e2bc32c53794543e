import Optimizers
import TestSupport
import Testing
import Torch

@testable import Posteriors

@Suite("Posteriors of several data sets make one")
struct MergeTests {
    private let entries = FlatParameters([("x.q_proj.lora_A.weight", [1, 2])]).entries

    private func laplace(_ fisher: [Float], prior: Double) -> LaplaceDiagonalPosterior {
        LaplaceDiagonalPosterior(fisher: Tensor(fisher), priorPrecision: prior, of: entries)
    }

    private func ivon(_ hessian: [Float], size: Double, decay: Double) -> IVONPosterior {
        IVONPosterior(
            hessian: Tensor(hessian),
            effectiveSampleSize: size,
            weightDecay: decay,
            hessianInitialization: 0.5
        )
    }

    @Test("The mean is where the prior and the parabolas of all losses have their minimum")
    func closedForm() {
        let merged = LaplaceDiagonalPosterior.merged([
            (Tensor([2, 4] as [Float]), laplace([1, 3], prior: 1), 1),
            (Tensor([1, -2] as [Float]), laplace([3, 0], prior: 1), 1),
        ])
        // First parameter: precisions 1 + 1 and 1 + 3; (2 * 2 + 4 * 1) / (1 + 1 + 3).
        // Second: 1 + 3 and 1 + 0; (4 * 4 + 1 * -2) / (1 + 3 + 0).
        #expect(merged.mean.doubles == [1.6, 3.5])
        #expect(merged.posterior.fisher.floats == [4, 3])
        #expect(merged.posterior.priorPrecision == 1)
    }

    @Test("Data in two parts give what all of it gives at once, whichever way they are weighed")
    func regression() {
        // y = θ x + noise of variance 1, θ of prior precision 0.5: mean Σxy / (Σx² + 0.5).
        let data: [(x: Double, y: Double)] = [(1, 2), (2, 3), (-1, 0.5), (0.5, 1), (3, 7)]
        func posterior(_ rows: ArraySlice<(x: Double, y: Double)>) -> (Tensor, Double) {
            let squares = rows.reduce(0) { $0 + $1.x * $1.x }
            let products = rows.reduce(0) { $0 + $1.x * $1.y }
            return (Tensor([products / (squares + 0.5)]), squares)
        }
        let (first, second) = (posterior(data[..<2]), posterior(data[2...]))
        let all = posterior(data[...])
        func ivon(_ curvature: Double, size: Double) -> IVONPosterior {
            self.ivon([Float(curvature / size)], size: size, decay: 0.5 / size)
        }
        let merged = IVONPosterior.merged([
            (first.0, ivon(first.1, size: 2), 1), (second.0, ivon(second.1, size: 4), 1),
        ])
        #expect(abs(merged.mean.item - all.0.item) < 1e-7)
        #expect(merged.posterior.effectiveSampleSize == 6)
        #expect(abs(merged.posterior.curvature.item - all.1) < 1e-6)
        #expect(abs(merged.posterior.priorPrecision - 0.5) < 1e-12)
        let deviation = merged.posterior.standardDeviation.item
        #expect(abs(deviation - 1 / (all.1 + 0.5).squareRoot()) < 1e-7)
        // A part that counts twice is its rows twice.
        let twice = LaplaceDiagonalPosterior.merged([
            (first.0, laplace([Float(first.1)], prior: 0.5), 2),
            (second.0, laplace([Float(second.1)], prior: 0.5), 1),
        ])
        #expect(abs(twice.mean.item - posterior((data + data[..<2])[...]).0.item) < 1e-7)
    }

    @Test("Without a prior equal runs are merged to themselves, and equal precisions to the mean")
    func equal() {
        let means = [Tensor([0.1, -3.3] as [Float]), Tensor([0.7, 5.1] as [Float])]
        let posterior = ivon([0.3, 0.017], size: 30, decay: 0)
        let same = IVONPosterior.merged([(means[0], posterior, 1), (means[0], posterior, 1)])
        #expect(same.mean.to(.float32).floats == means[0].floats)
        #expect(same.posterior.hessian.floats == posterior.hessian.floats)
        #expect(same.posterior.effectiveSampleSize == 60)
        let mean = IVONPosterior.merged(means.map { ($0, posterior, 1) }).mean.to(.float32)
        #expect(mean.floats == weightedSum(means.map { ($0, 0.5) }).to(.float32).floats)
    }

    @Test("The order of merging does not matter")
    func associative() {
        func part(_ mean: [Float], _ fisher: [Float]) -> (Tensor, LaplaceDiagonalPosterior, Double)
        {
            (Tensor(mean), laplace(fisher, prior: 2), 1)
        }
        let parts = [part([1, 2], [3, 0.5]), part([-1, 4], [1, 2]), part([0.5, 0], [7, 5])]
        let pair = LaplaceDiagonalPosterior.merged(Array(parts[..<2]))
        let chained = LaplaceDiagonalPosterior.merged([(pair.mean, pair.posterior, 1), parts[2]])
        let atOnce = LaplaceDiagonalPosterior.merged(parts)
        for (a, b) in zip(chained.mean.doubles, atOnce.mean.doubles) { #expect(abs(a - b) < 1e-12) }
        #expect(chained.posterior.fisher.floats == atOnce.posterior.fisher.floats)
    }
}
