import Foundation
import TestSupport
import Testing
import Torch

@testable import LanguageModels

@Suite("Rotary angles")
struct RotaryTests {
    /// What a checkpoint may store of positions.
    private struct Stored: WeightSource {
        let file = "test"
        let divisors: [Double]
        var tensors: [String: StoredTensor] {
            let stored = StoredTensor(
                shape: [divisors.count],
                type: "F32",
                byteCount: 4 * divisors.count,
                is16Bits: false
            )
            return divisors.isEmpty ? [:] : ["rope_freqs.weight": stored]
        }
        func load(_ name: String, _ shape: [Int], as type: DType?) -> Tensor {
            Tensor(divisors.map { Float($0) }, shape: shape)
        }
        func sample(_ name: String) -> [UInt8] { [] }
    }

    private func embedding(
        _ scaling: RotaryScaling,
        _ divisors: [Double] = []
    ) throws -> RotaryEmbedding {
        let weights = WeightScope(Stored(divisors: divisors), Precision(.float32), device: .cpu)
        let settings = RotarySettings(theta: 500_000, scaling: scaling, size: 8)
        return try RotaryEmbedding(settings, weights)
    }

    @Test("Divisors stored in a file act as the scaling they were made from")
    func divisors() throws {
        let scaling = RotaryScaling.llama3(
            factor: 8,
            lowFrequencyFactor: 1,
            highFrequencyFactor: 4,
            originalMaximumLength: 4096
        )
        let scaled = try embedding(scaling)
        let one = scaled.angles([1])
        // At position 1 the angle is the frequency itself, in radians.
        let divisors = zip(one.sine.doubles, one.cosine.doubles).enumerated().map { pair, angle in
            pow(500_000, -2 * Double(pair) / 8) / atan2(angle.0, angle.1)
        }
        #expect(divisors.first.map { abs($0 - 1) < 1e-5 } == true)
        #expect(divisors.last.map { abs($0 - 8) < 1e-2 } == true)
        let positions = Array(0..<200)
        let (expected, found) = (
            scaled.angles(positions), try embedding(.none, divisors).angles(positions)
        )
        #expect(found.cosine.largestDifference(to: expected.cosine) < 1e-3)
        #expect(found.sine.largestDifference(to: expected.sine) < 1e-3)
        let plain = try embedding(.none).angles(positions)
        #expect(plain.sine.largestDifference(to: expected.sine) > 1e-2)
    }
}
