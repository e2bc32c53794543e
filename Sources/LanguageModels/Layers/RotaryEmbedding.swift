import Foundation
import Torch

/// How rotary frequencies are changed for contexts longer than the model was first trained on.
public enum RotaryScaling: Equatable, Sendable {
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
}

/// The rotation angles of every position: frequency of pair i of a head times the position.
struct RotaryEmbedding {
    private let frequencies: [Double]  // [size / 2], radians a token
    private let device: Device

    /// Frequencies theta^(-2 i / size), changed by `scaling`, divided by `divisors` where a file
    /// stores them (GGUF's `rope_freqs.weight`).
    init(
        theta: Double,
        headSize: Int,
        scaling: RotaryScaling,
        divisors: [Float]?,
        device: Device
    ) {
        self.device = device
        frequencies = (0..<headSize / 2).map { pair in
            let frequency = pow(theta, -2 * Double(pair) / Double(headSize))
            return Self.scaled(frequency, scaling) / Double(divisors?[pair] ?? 1)
        }
    }

    private static func scaled(_ frequency: Double, _ scaling: RotaryScaling) -> Double {
        switch scaling {
        case .none: return frequency
        case .linear(let factor): return frequency / factor
        case .llama3(let factor, let low, let high, let originalMaximumLength):
            let turns = Double(originalMaximumLength) * frequency / (2 * .pi)
            let share = min(max((turns - low) / (high - low), 0), 1)
            return frequency * (share + (1 - share) / factor)
        }
    }

    /// Cosine and sine of the angles of each position: [tokens, size / 2].
    func angles(_ positions: [Int]) -> (cosine: Tensor, sine: Tensor) {
        let angles = positions.flatMap { position in frequencies.map { Double(position) * $0 } }
        let shape = [positions.count, frequencies.count]
        return (
            Tensor(angles.map { Float(cos($0)) }, shape: shape, device: device),
            Tensor(angles.map { Float(sin($0)) }, shape: shape, device: device)
        )
    }
}
