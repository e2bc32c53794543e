import Foundation
import Optimizers
import TensorFiles
import TestSupport
import Testing
import Torch

@testable import Posteriors

@Suite("A diagonal Gaussian posterior")
struct DiagonalGaussianTests {
    private struct Stop: Error {}

    private func parameters(_ count: Int = 6) -> FlatParameters {
        let parameters = FlatParameters([("a", [2, 2]), ("b", [count - 4])])
        parameters.values.copyInPlace(Generator(seed: 1).normal([count]))
        return parameters
    }

    private func posterior(
        _ parameters: FlatParameters,
        scale: Double,
        deviation: Double = 0.5
    ) -> DiagonalGaussian {
        DiagonalGaussian(
            around: parameters,
            standardDeviation: Tensor.full([parameters.count], deviation),
            varianceScale: scale,
            drawCount: 3,
            seed: 21
        )
    }

    @Test("At variance scale 0 every draw is the mean, bit for bit")
    func zeroScale() {
        let parameters = parameters()
        let mean = parameters.values.clone()
        posterior(parameters, scale: 0).withDraw(2) {
            #expect(parameters.values.isEqual(to: mean))
        }
    }

    @Test("The mean is back after a draw, also after a throw")
    func restores() {
        let parameters = parameters()
        let mean = parameters.values.clone()
        #expect(throws: Stop.self) {
            try posterior(parameters, scale: 1).withDraw(0) {
                #expect(!parameters.values.isEqual(to: mean))
                throw Stop()
            }
        }
        #expect(parameters.values.isEqual(to: mean))
    }

    @Test("A draw depends on its index alone")
    func repeatable() {
        let parameters = parameters()
        let posterior = posterior(parameters, scale: 1)
        func draw(_ index: Int) -> [Double] {
            posterior.withDraw(index) { parameters.values.doubles }
        }
        let first = draw(0)
        #expect(draw(1) != first)
        #expect(draw(0) == first)
    }

    @Test(
        "The variance of the draws is that of the posterior times the scale",
        arguments: [0.25, 1, 4]
    )
    func variance(_ scale: Double) {
        let parameters = parameters(20_000)
        let mean = parameters.values.clone()
        let variance = posterior(parameters, scale: scale).withDraw(0) {
            (parameters.values - mean).power(2).mean().item
        }
        // The relative standard error of a variance from n draws is sqrt(2 / n) = 1%.
        #expect(abs(variance / (0.25 * scale) - 1) < 0.04)
    }

    private static let settings = PosteriorFile(
        method: "ivon",
        effectiveSampleSize: 1e6,
        weightDecay: 0.25,
        hessianInitialization: 1e-3,
        varianceScale: 1.5,
        model: "0123456789abcdef",
        mean: "fedcba9876543210"
    )

    @Test("A written posterior reads back with the same settings and Hessian")
    func roundTrip() throws {
        let parameters = parameters()
        let hessian = Generator(seed: 2).uniform([6], 0.1..<2)
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent(PosteriorFile.name)
            try Self.settings.write(hessian: hessian, of: parameters, to: file)
            let (settings, read) = try PosteriorFile.read(file, for: parameters)
            #expect(settings == Self.settings)
            #expect(read.isEqual(to: hessian))
            let expected = hessian.doubles.map { 1 / ((1e6 * ($0 + 0.25)).squareRoot()) }
            let deviation = settings.standardDeviation(hessian: read)
            #expect(deviation.largestDifference(to: Tensor(expected).to(.float32)) < 1e-9)
        }
    }

    @Test("Posteriors of another adapter, version or method are refused by name")
    func refusals() throws {
        let parameters = parameters()
        let hessian = Tensor.full([6], 1)
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent(PosteriorFile.name)
            func message(_ other: FlatParameters) -> String {
                let error = #expect(throws: (any Error).self) {
                    try PosteriorFile.read(file, for: other)
                }
                return error.map { "\($0)" } ?? ""
            }
            try Self.settings.write(hessian: hessian, of: parameters, to: file)
            #expect(
                message(FlatParameters([("a", [4]), ("b", [2])])).contains("hessian.a: expected")
            )
            #expect(message(FlatParameters([("c", [2, 2])])).contains("no tensor \"hessian.c\""))
            #expect(message(FlatParameters([("a", [2, 2])])).contains("tensors: expected 1"))
            var other = Self.settings
            other.method = "swag"
            try other.write(hessian: hessian, of: parameters, to: file)
            #expect(message(parameters).contains("method: expected ivon, found swag"))
            other = Self.settings
            other.effectiveSampleSize = -1
            try other.write(hessian: hessian, of: parameters, to: file)
            #expect(message(parameters).contains("effective_sample_size"))
        }
    }
}
