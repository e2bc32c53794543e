import Foundation
import Optimizers
import TensorFiles
import TestSupport
import Testing
import Torch

@testable import Posteriors

@Suite("Laplace posteriors have the covariance of their formulas")
struct LaplaceKindTests {
    private let parameters = tinyParameters()

    /// The precision of matrix `index` as a dense matrix of its elements, row by row.
    private func precision(_ kind: LaplaceKroneckerPosterior, of index: Int) -> [[Double]] {
        func sum(_ vectors: Tensor, _ values: Tensor) -> [[Double]] {
            let product = (vectors * values).matmul(vectors.transposed(0, 1))
            let (values, width) = (product.doubles, vectors.shape[0])
            return (0..<width).map { Array(values[$0 * width..<($0 + 1) * width]) }
        }
        let curvature = kind.curvatures[index]
        let output = sum(curvature.outputVectors, curvature.outputValues)
        let input = sum(curvature.inputVectors, curvature.inputValues)
        let width = input.count
        return (0..<output.count * width).map { i in
            (0..<output.count * width).map { j in
                output[i / width][j / width] * input[i % width][j % width]
                    + (i == j ? kind.priorPrecision : 0)
            }
        }
    }

    @Test("The root of the Kronecker covariance, twice, is the inverse of the dense precision")
    func kroneckerRoot() {
        let kind = Kinds.kronecker(parameters, Generator(seed: 2))
        for (index, entry) in parameters.entries.enumerated() {
            let dense = precision(kind, of: index)
            for place in dense.indices {
                let column = Tensor(dense[place], shape: entry.shape).to(.float32)
                let found = kind.whitened(kind.whitened(column, of: index), of: index).doubles
                for (other, value) in found.enumerated() {
                    #expect(abs(value - (other == place ? 1 : 0)) < 2e-5)
                }
            }
        }
    }

    @Test("The covariance of Kronecker draws is the inverse of the dense precision")
    func kroneckerDraws() {
        let kind = Kinds.kronecker(parameters, Generator(seed: 2))
        let mean = parameters.values
        let draws = 20_000
        for (index, entry) in parameters.entries.enumerated() {
            let rows = Tensor.concatenated(
                (0..<draws).map { draw in
                    let generator = Generator(seed: UInt64(draw))
                    let deviation = kind.deviation(of: draw, from: mean, generator)
                    return FlatParameters.view(deviation, entry).reshaped([1, -1])
                },
                along: 0
            )
            // Precision times sample covariance is near the identity.
            let dense = precision(kind, of: index)
            let size = dense.count
            let sample = rows.transposed(0, 1).matmul(rows) * (1 / Double(draws))
            let product = Tensor(dense.flatMap { $0 }, shape: [size, size]).to(.float32)
                .matmul(sample).doubles
            // Errors of the sample, about 1 / sqrt(draws) of each element, grow with the precision.
            let largest = dense.indices.map { dense[$0][$0] }.max() ?? 0
            for (place, value) in product.enumerated() {
                let expected = place / size == place % size ? 1.0 : 0
                #expect(abs(value - expected) < 0.05 * largest.squareRoot())
            }
        }
    }

    @Test("The variance of diagonal draws is 1 / (F + δ)")
    func diagonalVariance() {
        let entries = FlatParameters([("x", [200, 100])]).entries
        let kind = LaplaceDiagonalPosterior(
            fisher: Tensor.full([20_000], 3.5),
            priorPrecision: 0.5,
            of: entries
        )
        let deviation = kind.deviation(of: 0, from: Tensor.zeros([20_000]), Generator(seed: 1))
        // The relative standard error of a variance from n draws is sqrt(2 / n) = 1%.
        #expect(abs(deviation.power(2).mean().item / 0.25 - 1) < 0.04)
        let ones = kind.whitened(Tensor.full([200, 100], 1), of: 0)
        #expect(ones.largestDifference(to: Tensor.full([200, 100], 0.5)) < 1e-6)
    }

    @Test("Files with other shapes or impossible numbers are refused by name")
    func refusals() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent(PosteriorFile.name)
            func message(_ kind: any Posterior, _ other: FlatParameters? = nil) throws -> String {
                try PosteriorFile(kind, model: "m", mean: "n").write(for: parameters, to: file)
                let error = #expect(throws: (any Error).self) {
                    try PosteriorFile(contentsOf: file, for: other ?? parameters)
                }
                return error.map { "\($0)" } ?? ""
            }
            var kind = Kinds.kronecker(parameters, Generator(seed: 2))
            let (nameA, nameB) = ("x.q_proj.lora_A.weight", "x.q_proj.lora_B.weight")
            let wider = FlatParameters([(nameA, [2, 5]), (nameB, [4, 2])])
            let otherWidth = try message(kind, wider)
            let expected = "input_vectors.\(nameA): expected the shape [5, 2], found [3, 2]"
            #expect(otherWidth.contains(expected))
            let flat = FlatParameters([(nameA, [6]), (nameB, [8])])
            let notMatrices = try message(kind, flat)
            #expect(notMatrices.contains("\(nameA): expected a matrix"))
            kind.priorPrecision = 0
            let noPrior = try message(kind)
            #expect(noPrior.contains("prior_precision: expected a positive number"))
            let negative = try message(
                LaplaceDiagonalPosterior(
                    fisher: parameters.values.magnitude() * -1,
                    priorPrecision: 1,
                    of: parameters.entries
                )
            )
            #expect(negative.contains("expected finite numbers of at least 0"))
        }
    }
}
