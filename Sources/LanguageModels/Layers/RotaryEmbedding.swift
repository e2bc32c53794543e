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
    /// The tensor in which a GGUF file stores Llama 3's scaling, as a divisor of each frequency.
    static let divisors = "rope_freqs.weight"

    private let frequencies: [Double]  // [size / 2], radians a token
    private let device: Device

    /// Frequencies theta^(-2 i / size), scaled, divided by `divisors` where a file stores them.
    init(_ settings: RotarySettings, headSize: Int, divisors: [Double]?, device: Device) {
        self.device = device
        frequencies = (0..<headSize / 2).map { pair in
            let frequency = pow(settings.theta, -2 * Double(pair) / Double(headSize))
            return Self.scaled(frequency, settings.scaling) / (divisors?[pair] ?? 1)
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

/// Base and scaling of a model's rotary frequencies.
struct RotarySettings: Equatable, Sendable {
    /// Base of the frequencies.
    var theta: Double
    /// How they are changed for long contexts.
    var scaling: RotaryScaling
}

extension RotarySettings {
    /// Reads the settings of a checkpoint; `theta` holds where they name no base.
    init(_ settings: CheckpointSettings, theta usual: Double = 10_000) throws {
        theta = try settings.positiveNumber("rope_theta") ?? usual
        func number(_ name: String) throws -> Double {
            try settings.required(name, settings.positiveNumber(name))
        }
        let supported = ["default", "none", "linear", "llama3"]
        switch try settings.choice("rope_type", of: supported) ?? settings.standardRotaryType {
        case "linear": scaling = .linear(factor: try number("factor"))
        case "llama3":
            scaling = .llama3(
                factor: try number("factor"),
                lowFrequencyFactor: try number("low_freq_factor"),
                highFrequencyFactor: try number("high_freq_factor"),
                originalMaximumLength: try settings.size("original_max_position_embeddings")
            )
        default: scaling = .none
        }
    }
}
