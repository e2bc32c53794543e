import Foundation
import Optimizers
import TestSupport
import Testing
import Torch

@testable import Posteriors

@Suite("What the kinds of posterior draw")
struct KindTests {
    /// Mean and covariance of many draws' deviations from `mean`, in double precision.
    private func moments(
        _ kind: any Posterior,
        from mean: Tensor,
        draws: Int
    ) -> (mean: [Double], covariance: [[Double]]) {
        let rows = (0..<draws).map { index in
            kind.deviation(of: index, from: mean, Generator(seed: UInt64(1000 + index))).doubles
        }
        let count = mean.shape[0]
        let average = (0..<count).map { place in
            rows.reduce(0) { $0 + $1[place] } / Double(draws)
        }
        let covariance = (0..<count).map { first in
            (0..<count).map { second in
                rows.reduce(0) {
                    $0 + ($1[first] - average[first]) * ($1[second] - average[second])
                } / Double(draws)
            }
        }
        return (average, covariance)
    }

    @Test("The variance of IVON's draws is 1 / (λ (h + δ))")
    func ivonVariance() {
        let kind = IVONPosterior(
            hessian: Tensor.full([20_000], 0.15),
            effectiveSampleSize: 10,
            weightDecay: 0.25,
            hessianInitialization: 1
        )
        let deviation = kind.deviation(of: 0, from: Tensor.zeros([20_000]), Generator(seed: 1))
        // The relative standard error of a variance from n draws is sqrt(2 / n) = 1%.
        #expect(abs(deviation.power(2).mean().item / 0.25 - 1) < 0.04)
    }

    @Test("Dropout drops columns of A: its draws have mean A and variance A² p / (1 - p)")
    func dropout() {
        let parameters = tinyParameters()
        let mean = parameters.values
        let kind = DropoutPosterior(probability: 0.3, of: parameters.entries)
        let values = mean.doubles
        for index in 0..<20 {
            let draw =
                (mean + kind.deviation(of: index, from: mean, Generator(seed: UInt64(index))))
                .doubles
            for column in 0..<3 {
                let ratios = [0, 1].map { draw[$0 * 3 + column] / values[$0 * 3 + column] }
                #expect(ratios.allSatisfy { abs($0) < 1e-6 || abs($0 - 1 / 0.7) < 1e-6 })
                #expect(abs(ratios[0] - ratios[1]) < 1e-6)  // one mask for all rows
            }
            #expect(Array(draw[6...]) == Array(values[6...]))  // B is as it was
        }
        let found = moments(kind, from: mean, draws: 4000)
        for place in 0..<6 {
            let variance = values[place] * values[place] * 0.3 / 0.7
            // Standard errors: sqrt(variance / draws), and about 2% of the variance itself.
            #expect(abs(found.mean[place]) < 4 * (variance / 4000).squareRoot())
            #expect(abs(found.covariance[place][place] / variance - 1) < 0.08)
        }
    }

    @Test("SWAG's moments and covariance are NumPy's")
    func swag() throws {
        let golden = try Golden.json("Posteriors/swag.json")
        let snapshots = try golden.required("snapshots").elements().map { try $0.numbers() }
        let first = Tensor(snapshots[0]).to(.float32)
        var moments = SWAGMoments(like: first, rank: try golden.required("rank").integer())
        for snapshot in snapshots { moments.add(Tensor(snapshot).to(.float32)) }
        let kind = try #require(moments.posterior())
        func tensor(_ key: String) throws -> Tensor {
            Tensor(try golden.required(key).numbers()).to(.float32)
        }
        #expect(moments.mean.relativeDifference(to: try tensor("mean")) < 1e-6)
        #expect(kind.variance.relativeDifference(to: try tensor("variance")) < 1e-4)
        let deviations = try golden.required("deviations").elements().map { try $0.numbers() }
        let expected = Tensor(Array(deviations.joined()), shape: [4, 6]).to(.float32)
        #expect(kind.deviations.relativeDifference(to: expected) < 1e-4)

        let draws = 20_000
        let found = self.moments(kind, from: moments.mean, draws: draws).covariance
        let covariance = try golden.required("covariance").elements().map { try $0.numbers() }
        for first in 0..<6 {
            for second in 0..<6 {
                // The standard error of a covariance from n draws of a normal distribution.
                let scale = covariance[first][first] * covariance[second][second]
                let error =
                    ((scale + covariance[first][second] * covariance[first][second])
                    / Double(draws)).squareRoot()
                #expect(abs(found[first][second] - covariance[first][second]) < 4.5 * error)
            }
        }
    }

    @Test(
        "Symmetric are those whose draws are above the mean as often as below",
        arguments: Kinds.names
    )
    func symmetry(_ name: String) throws {
        let parameters = tinyParameters()
        let kind = try #require(Kinds.make(name, parameters))
        guard kind.drawLimit == nil else { return #expect(!kind.isSymmetric) }
        let draws = 4000
        var sums = [Double](repeating: 0, count: parameters.count)
        for index in 0..<draws {
            let generator = Generator(seed: UInt64(index))
            let deviation = kind.deviation(of: index, from: parameters.values, generator).doubles
            for (place, value) in deviation.enumerated() {
                sums[place] += value > 0 ? 1 : value < 0 ? -1 : 0
            }
        }
        // The standard error of a mean of signs is at most 1 / sqrt(draws) = 0.016.
        let isEven = sums.allSatisfy { abs($0 / Double(draws)) < 0.075 }
        #expect(isEven == kind.isSymmetric)
    }

    @Test("One snapshot gives no covariance")
    func tooFewSnapshots() {
        var moments = SWAGMoments(like: Tensor.zeros([3]), rank: 4)
        moments.add(Tensor.full([3], 1))
        #expect(moments.posterior() == nil)
    }

    @Test("Draw i of an ensemble is its member i")
    func ensemble() {
        let parameters = tinyParameters()
        let members = (0..<3).map { Generator(seed: UInt64($0)).normal([parameters.count]) }
        let kind = EnsemblePosterior(members)
        #expect(kind.drawLimit == 3)
        for index in 0..<3 {
            let draw = members[0] + kind.deviation(of: index, from: members[0], Generator(seed: 1))
            #expect(draw.largestDifference(to: members[index]) < 1e-6)
        }
    }

    @Test("TFB's noise changes B A by an isotropic amount in the range of B")
    func tfb() throws {
        let parameters = tinyParameters()
        let (entryA, entryB) = (parameters.entries[0], parameters.entries[1])
        let b = FlatParameters.view(parameters.values, entryB)  // [4, 2]
        let kind = TFBPosterior(noise: 0.2, around: parameters)
        let mean = parameters.values.clone()
        // The covariance of a column of B ΔA is β² U Uᵀ, with U Uᵀ the projection onto B's range:
        // its trace is β² · rank.
        var total = 0.0
        let draws = 2000
        for index in 0..<draws {
            let deviation = kind.deviation(of: index, from: mean, Generator(seed: UInt64(index)))
            #expect(FlatParameters.view(deviation, entryB).magnitude().sum().item == 0)
            let change = b.matmul(FlatParameters.view(deviation, entryA))  // [4, 3]
            total += change.power(2).sum().item
        }
        let expected = 0.04 * 2 * 3  // β² · rank · in
        // A sum of rank · in squared normals a draw: a relative error of sqrt(2 / (6 · 2000)).
        #expect(abs(total / Double(draws) / expected - 1) < 0.06)
    }

    @Test("TFB's noise is right for directions that B uses ten thousand times less than others")
    func tfbCondition() throws {
        // B = U diag(D) with orthonormal columns U, so that its singular values are D.
        let singularValues = [1, 1e-2, 1e-4]
        let rows = 576
        let parameters = FlatParameters([
            ("x.lora_A.weight", [3, 1]), ("x.lora_B.weight", [rows, 3]),
        ])
        let (entryA, entryB) = (parameters.entries[0], parameters.entries[1])
        let raw = Generator(seed: 4).normal([rows, 3], dtype: .float64)
        let (values, vectors) = raw.transposed(0, 1).matmul(raw).symmetricEigen()
        let u = raw.matmul(vectors * values.power(-0.5))  // [rows, 3], orthonormal columns
        FlatParameters.view(parameters.values, entryB).copyInPlace(u * Tensor(singularValues))
        let kind = TFBPosterior(noise: 1, around: parameters)
        // V is the identity up to signs: element i of a draw is a standard normal number / D_i.
        var squares = [0.0, 0, 0]
        let draws = 2000
        for index in 0..<draws {
            let generator = Generator(seed: UInt64(index))
            let deviation = kind.deviation(of: index, from: parameters.values, generator)
            let change = FlatParameters.view(deviation, entryA).doubles
            for place in 0..<3 {
                squares[place] += pow(change[place] * singularValues[place], 2)
            }
        }
        // The relative standard error of a variance from n draws is sqrt(2 / n) = 3%. B itself is
        // stored in float32: its smallest direction is right to about 1e-7 / 1e-4.
        for square in squares { #expect(abs(square / Double(draws) - 1) < 0.15) }
    }
}
