import Foundation
import Torch

/// How rotary frequencies are changed for contexts longer than the model was first trained on.
enum RotaryScaling: Equatable, Sendable {
    /// As trained.
    case none
    /// Positions divided by a factor (Chen et al. 2023, arXiv 2306.15595).
    case linear(factor: Double)
    /// Llama 3.1: low frequencies divided by `factor`, high ones kept, a smooth step between.
    case llama3(
        factor: Double,
        lowFrequencyFactor: Double,
        highFrequencyFactor: Double,
        originalMaximumLength: Int
    )
    /// YaRN (Peng et al. 2023, arXiv 2309.00071): pairs from `first` to `last` go over from kept
    /// frequencies to those divided by `factor`.
    case yarn(factor: Double, first: Double, last: Double)
    /// Every pair's own divisor (LongRoPE, Ding et al. 2024, arXiv 2402.13753).
    case divided([Double])
}

/// The rotary frequencies of a kind of blocks.
struct RotarySettings: Equatable, Sendable {
    /// Base of the frequencies.
    var theta: Double
    /// How they are changed for long contexts.
    var scaling: RotaryScaling
    /// Number of elements of a head that are rotated, the first ones; even.
    var size: Int
    /// Factor of cosines and sines.
    var magnitude = 1.0

    /// Radians a token of each pair: theta^(-2 i / size), scaled.
    var frequencies: [Double] {
        (0..<size / 2).map { pair in
            scaled(pow(theta, -2 * Double(pair) / Double(size)), Double(pair))
        }
    }

    private func scaled(_ frequency: Double, _ pair: Double) -> Double {
        /// The frequency where `share` is 1, and divided by the factor where it is 0.
        func mixed(_ share: Double, _ factor: Double) -> Double {
            let share = min(max(share, 0), 1)
            return frequency * (share + (1 - share) / factor)
        }
        switch scaling {
        case .none: return frequency
        case .linear(let factor): return frequency / factor
        case .llama3(let factor, let low, let high, let originalMaximumLength):
            let turns = Double(originalMaximumLength) * frequency / (2 * .pi)
            return mixed((turns - low) / (high - low), factor)
        case .yarn(let factor, let first, let last):
            return mixed(1 - (pair - first) / max(last - first, 0.001), factor)
        case .divided(let divisors): return frequency / divisors[Int(pair)]
        }
    }
}

/// The rotation angles of every position: frequency of pair i of a head times the position.
final class RotaryEmbedding {
    /// The tensor in which a GGUF file stores Llama 3's scaling, as a divisor of each frequency.
    static let divisors = "rope_freqs.weight"
    /// The tensors in which a GGUF file stores LongRoPE's divisors, up to the original length and
    /// beyond it.
    static let shortFactors = "rope_factors_short.weight"
    private static let longFactors = "rope_factors_long.weight"

    private let frequencies: [Double]  // [pairs], radians a token
    private let magnitude: Double
    private let device: Device

    /// The frequencies of the settings, divided by those that the checkpoint stores.
    init(_ settings: RotarySettings, _ weights: WeightScope) throws {
        let count = settings.size / 2
        if case .divided = settings.scaling {
            weights.note([Self.shortFactors, Self.longFactors])
        }
        let divisors = try weights.optionalNumbers(Self.divisors, count: count)
        frequencies = zip(settings.frequencies, divisors ?? Array(repeating: 1, count: count))
            .map { $0 / $1 }
        (magnitude, device) = (settings.magnitude, weights.device)
    }

    /// Cosine and sine of the angles of each position: [tokens, pairs].
    func angles(_ positions: [Int]) -> (cosine: Tensor, sine: Tensor) {
        let angles = positions.flatMap { position in frequencies.map { Double(position) * $0 } }
        let shape = [positions.count, frequencies.count]
        func tensor(_ function: (Double) -> Double) -> Tensor {
            Tensor(angles.map { Float(magnitude * function($0)) }, shape: shape, device: device)
        }
        return (tensor(cos), tensor(sin))
    }
}
