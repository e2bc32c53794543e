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

    private func draws(_ name: String) throws -> DrawnParameters {
        let kind = try #require(Kinds.make(name, parameters))
        return DrawnParameters(kind, around: parameters, count: 4, seed: 21)
    }

    @Test("At variance scale 0 every draw is the mean, bit for bit", arguments: Kinds.names)
    func zeroScale(_ name: String) throws {
        let mean = parameters.values.clone()
        try draws(name).withDraw(2, varianceScale: 0) {
            #expect(parameters.values.isEqual(to: mean))
        }
    }

    @Test("The mean is back after a draw, also after a throw", arguments: Kinds.names)
    func restores(_ name: String) throws {
        let mean = parameters.values.clone()
        let draws = try draws(name)
        #expect(throws: Stop.self) {
            try draws.withDraw(1) {
                #expect(!parameters.values.isEqual(to: mean))
                throw Stop()
            }
        }
        #expect(parameters.values.isEqual(to: mean))
    }

    @Test("A draw depends on its index alone, and is the same when it is used again")
    func repeatable() throws {
        for name in Kinds.names {
            func draw(_ index: Int, of draws: DrawnParameters) -> [Double] {
                draws.withDraw(index) { parameters.values.doubles }
            }
            let draws = try draws(name)
            let first = draw(1, of: draws)
            #expect(draw(2, of: draws) != first, "\(name)")
            #expect(draw(1, of: draws) == first, "\(name)")
            let anew = try self.draws(name)
            #expect(draw(1, of: anew) == first, "\(name)")
        }
    }

    @Test("A draw's deviation grows with the root of the variance scale", arguments: Kinds.names)
    func scaling(_ name: String) throws {
        let mean = parameters.values.clone()
        let draws = try draws(name)
        func deviation(_ scale: Double) -> Tensor {
            draws.withDraw(1, varianceScale: scale) { parameters.values - mean }
        }
        let (one, four) = (deviation(1), deviation(4))
        #expect(four.largestDifference(to: one * 2) < 2e-6)
    }

    @Test(
        "Draws of a symmetric kind are opposite pairs, and of another kind none",
        arguments: Kinds.names
    )
    func pairs(_ name: String) throws {
        let mean = parameters.values.clone()
        let draws = try draws(name)
        let deviations = (0..<4).map { index in
            draws.withDraw(index) { parameters.values - mean }
        }
        func areOpposite(_ first: Int, _ second: Int) -> Bool {
            deviations[first].largestDifference(to: deviations[second] * -1) < 1e-5
        }
        let kind = try #require(Kinds.make(name, parameters))
        #expect(areOpposite(0, 1) == kind.isSymmetric && areOpposite(2, 3) == kind.isSymmetric)
        #expect(!areOpposite(1, 2) && !areOpposite(0, 3))
        let together = draws.parameters(of: [1, 0].map { .init(draw: $0, varianceScale: 1) })
        for entry in parameters.entries {
            let pair = try #require(together[entry.name])
            for (row, index) in [1, 0].enumerated() {
                let drawn = FlatParameters.view(mean + deviations[index], entry)
                let found = pair.narrowed(0, start: row, length: 1).view(entry.shape)
                #expect(found.relativeDifference(to: drawn) < 1e-5)
            }
        }
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
            let loadedKind = try #require(loaded.kind)
            #expect(type(of: loadedKind).name == name && loaded.method == name)
            #expect(loaded.varianceScale == 1.5)
            #expect(loaded.temperature == 0.5)
            #expect(loaded.model == saved.model)
            #expect(loaded.mean == saved.mean)
            #expect(loadedKind.drawLimit == kind.drawLimit)
            let mean = parameters.values
            let draws = [kind, loadedKind].map {
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
            func write(_ kind: (any Posterior)?) throws {
                let written = PosteriorFile(kind, model: "m", mean: "n")
                try written.write(for: parameters, to: file)
            }
            func rewrite(_ key: String, _ value: String) throws {
                try write(nil)
                let metadata = try Safetensors(contentsOf: file).metadata
                let changed = metadata.merging([key: value]) { $1 }
                try Safetensors.write([], metadata: changed, to: file)
            }
            let (nameA, nameB) = ("x.q_proj.lora_A.weight", "x.q_proj.lora_B.weight")
            try write(Kinds.make("ivon", parameters))
            let otherRank = FlatParameters([(nameA, [1, 3]), (nameB, [4, 1])])
            #expect(message(otherRank).contains("hessian.\(nameA): expected the shape [1, 3]"))
            let otherLayer = FlatParameters([("y", [2, 3])])
            #expect(message(otherLayer).contains("no tensor \"hessian.y\""))
            let fewer = FlatParameters([(nameA, [2, 3])])
            #expect(message(fewer).contains("tensors: expected 1"))
            try rewrite("version", "1")
            #expect(message(parameters).contains("version: expected 2, found 1"))
            try rewrite("method", "magic")
            let expected = "method: expected one of ivon, normal, mc-dropout"
            #expect(message(parameters).contains(expected))
            try rewrite("temperature", "0")
            #expect(message(parameters).contains("temperature: expected a positive number"))
        }
    }

    @Test("Numbers that no posterior has are refused by tensor or key", arguments: Kinds.names)
    func strayNumbers(_ name: String) throws {
        let notNegative = ["hessian", "variance", "fisher", "output_values", "input_values"]
        let positive = ["effective_sample_size", "prior_precision", "dropout"]
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent(PosteriorFile.name)
            let kind = try #require(Kinds.make(name, parameters))
            try PosteriorFile(kind, model: "m", mean: "n").write(for: parameters, to: file)
            let whole = try Safetensors(contentsOf: file)
            let tensors = try whole.names.map { name in
                let bytes = try whole.bytes(of: name).withBytes { Data($0) }
                let shape = whole.entries[name]?.shape ?? []
                return TensorToWrite(name: name, elementType: .float32, shape: shape, bytes: bytes)
            }
            func expectRefusal(_ key: String, _ found: String) {
                let error = #expect(throws: PosteriorFileError.self, "\(key) \(found)") {
                    try PosteriorFile(contentsOf: file, for: parameters)
                }
                let sentence = error?.description ?? ""
                #expect(sentence.hasPrefix("\(file.path): \(key): expected "), "\(sentence)")
                #expect(sentence.hasSuffix("found \(found)"), "\(sentence)")
            }
            for (index, tensor) in tensors.enumerated() {
                let isBounded = notNegative.contains { tensor.name.hasPrefix($0) }
                for stray in [Float.nan, .infinity] + (isBounded ? [-1] : []) {
                    var changed = tensors
                    changed[index].bytes.replaceSubrange(
                        4..<8,
                        with: withUnsafeBytes(of: stray) { Data($0) }
                    )
                    try Safetensors.write(changed, metadata: whole.metadata, to: file)
                    expectRefusal(tensor.name, "\(stray)")
                }
            }
            let keys = Set(whole.metadata.keys).subtracting([
                "format", "version", "method", "predictive", "model", "mean",
            ])
            for key in keys.sorted() {
                let strays = ["nan", "inf", "-1", "x"]
                for stray in strays + (positive.contains(key) ? ["0", "0.0"] : []) {
                    let changed = whole.metadata.merging([key: stray]) { $1 }
                    try Safetensors.write(tensors, metadata: changed, to: file)
                    expectRefusal(key, stray)
                }
            }
        }
    }

    @Test("An IVON posterior of infinite variance is refused")
    func infiniteVariance() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent(PosteriorFile.name)
            let kind = IVONPosterior(
                hessian: .zeros(like: parameters.values),
                effectiveSampleSize: 10,
                weightDecay: 0,
                hessianInitialization: 1
            )
            try PosteriorFile(kind, model: "m", mean: "n").write(for: parameters, to: file)
            let error = #expect(throws: PosteriorFileError.self) {
                try PosteriorFile(contentsOf: file, for: parameters)
            }
            #expect(error?.description.contains("hessian: expected numbers that give") == true)
        }
    }

    @Test("IVON's Hessian may be negative as long as weight decay keeps its variances positive")
    func negativeHessian() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent(PosteriorFile.name)
            func write(_ hessian: Float) throws -> PosteriorFile {
                let kind = IVONPosterior(
                    hessian: Tensor.full(parameters.values.shape, Double(hessian)),
                    effectiveSampleSize: 10,
                    weightDecay: 0.5,
                    hessianInitialization: 1
                )
                try PosteriorFile(kind, model: "m", mean: "n").write(for: parameters, to: file)
                return try PosteriorFile(contentsOf: file, for: parameters)
            }
            let kind = try #require(try write(-0.25).kind as? IVONPosterior)
            #expect(kind.hessian.floats.allSatisfy { $0 == -0.25 })
            #expect(throws: PosteriorFileError.self) { try write(-0.75) }
        }
    }
}
