import Foundation
import Optimizers
import TensorFiles
import TestSupport
import Testing
import Torch

@testable import Posteriors

@Suite("Posteriors over the parameters")
struct PosteriorTests {
    private struct Stop: Error {}

    private let parameters = tinyParameters()

    private func posterior(_ name: String, scale: Double = 1) throws -> ParameterPosterior {
        ParameterPosterior(
            try #require(Kinds.make(name, parameters)),
            around: parameters,
            varianceScale: scale,
            drawCount: 4,
            seed: 21
        )
    }

    @Test("At variance scale 0 every draw is the mean, bit for bit", arguments: Kinds.names)
    func zeroScale(_ name: String) throws {
        let mean = parameters.values.clone()
        try posterior(name, scale: 0).withDraw(2) {
            #expect(parameters.values.isEqual(to: mean))
        }
    }

    @Test("The mean is back after a draw, also after a throw", arguments: Kinds.names)
    func restores(_ name: String) throws {
        let mean = parameters.values.clone()
        let posterior = try posterior(name)
        #expect(throws: Stop.self) {
            try posterior.withDraw(1) {
                #expect(!parameters.values.isEqual(to: mean))
                throw Stop()
            }
        }
        #expect(parameters.values.isEqual(to: mean))
    }

    @Test("A draw depends on its index alone", arguments: Kinds.names)
    func repeatable(_ name: String) throws {
        let posterior = try posterior(name)
        func draw(_ index: Int) -> [Double] {
            posterior.withDraw(index) { parameters.values.doubles }
        }
        let first = draw(1)
        #expect(draw(2) != first)
        #expect(draw(1) == first)
    }

    @Test("A draw's deviation grows with the root of the variance scale", arguments: Kinds.names)
    func scaling(_ name: String) throws {
        let mean = parameters.values.clone()
        func deviation(_ scale: Double) throws -> Tensor {
            try posterior(name, scale: scale).withDraw(1) { parameters.values - mean }
        }
        let (one, four) = (try deviation(1), try deviation(4))
        #expect(four.largestDifference(to: one * 2) < 2e-6)
    }

    @Test("A posterior that is saved and loaded draws the same bytes", arguments: Kinds.names)
    func roundTrip(_ name: String) throws {
        let kind = try #require(Kinds.make(name, parameters))
        let saved = PosteriorFile(
            kind,
            varianceScale: 1.5,
            temperature: 0.5,
            model: "0123456789abcdef",
            mean: "fedcba9876543210"
        )
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent(PosteriorFile.name)
            try saved.write(for: parameters, to: file)
            let loaded = try PosteriorFile(contentsOf: file, for: parameters)
            #expect(type(of: loaded.kind).name == name)
            #expect(loaded.varianceScale == 1.5)
            #expect(loaded.temperature == 0.5)
            #expect(loaded.model == saved.model)
            #expect(loaded.mean == saved.mean)
            #expect(loaded.kind.drawLimit == kind.drawLimit)
            let mean = parameters.values
            let draws = [kind, loaded.kind].map {
                $0.deviation(of: 1, from: mean, Generator(seed: 5))
            }
            #expect(draws[0].isEqual(to: draws[1]))
        }
    }

    @Test("Posteriors of another adapter, version or method are refused by name")
    func refusals() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent(PosteriorFile.name)
            func message(_ other: FlatParameters) -> String {
                let error = #expect(throws: (any Error).self) {
                    try PosteriorFile(contentsOf: file, for: other)
                }
                return error.map { "\($0)" } ?? ""
            }
            func write(_ kind: any PosteriorKind) throws {
                let written = PosteriorFile(kind, model: "m", mean: "n")
                try written.write(for: parameters, to: file)
            }
            func rewrite(_ key: String, _ value: String) throws {
                try write(PointPosterior())
                let metadata = try Safetensors(contentsOf: file).metadata
                let changed = metadata.merging([key: value]) { $1 }
                try Safetensors.write([], metadata: changed, to: file)
            }
            let (nameA, nameB) = ("x.q_proj.lora_A.weight", "x.q_proj.lora_B.weight")
            try write(try #require(Kinds.make("ivon", parameters)))
            let otherRank = FlatParameters([(nameA, [1, 3]), (nameB, [4, 1])])
            #expect(message(otherRank).contains("hessian.\(nameA): expected the shape [1, 3]"))
            let otherLayer = FlatParameters([("y", [2, 3])])
            #expect(message(otherLayer).contains("no tensor \"hessian.y\""))
            let fewer = FlatParameters([(nameA, [2, 3])])
            #expect(message(fewer).contains("tensors: expected 1"))
            try rewrite("version", "1")
            #expect(message(parameters).contains("version: expected 2, found 1"))
            try rewrite("method", "magic")
            #expect(message(parameters).contains("method: expected one of ivon, mc-dropout"))
            try rewrite("temperature", "0")
            #expect(message(parameters).contains("temperature: expected a number of at least"))
            let hot = IVONPosterior(
                hessian: parameters.values * 0 + 1,
                effectiveSampleSize: -1,
                weightDecay: 0,
                hessianInitialization: 1
            )
            try write(hot)
            #expect(message(parameters).contains("effective_sample_size: expected a number of"))
        }
    }
}
