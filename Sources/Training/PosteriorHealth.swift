import Foundation
import Optimizers
import Posteriors
import Torch

/// How far IVON's posterior has moved from its initial value, and how its steps are bounded.
public struct PosteriorHealth: Codable, Equatable, Sendable {
    /// Mean share of the elements whose step the clip radius bounded, since the last line; absent
    /// from the state at the end of a run.
    public var clippedShare: Double?
    /// Quantiles of h / h₀ over the parameters at 5%, 50% and 95%.
    public var hessianRatio: [Double]
    /// Mean of the posterior's standard deviation over the parameters.
    public var standardDeviation: Double
    /// The same of each adapter matrix, in the order of the model; at the end of a run only.
    public var layers: [LayerHealth]?

    private enum CodingKeys: String, CodingKey {
        case layers
        case clippedShare = "clipped_share"
        case hessianRatio = "hessian_ratio"
        case standardDeviation = "standard_deviation"
    }
}

/// How far the posterior of one adapter matrix has moved from its initial value.
public struct LayerHealth: Codable, Equatable, Sendable {
    /// The number of the block, from 0; nil outside the blocks.
    public var layer: Int?
    /// The adapted projection, such as `q_proj`.
    public var projection: String
    /// `A` [rank, in] or `B` [out, rank].
    public var matrix: String
    /// Quantiles of h / h₀ over the matrix at 5%, 50% and 95%.
    public var hessianRatio: [Double]
    /// Mean of the posterior's standard deviation over the matrix.
    public var standardDeviation: Double

    private enum CodingKeys: String, CodingKey {
        case layer, projection, matrix
        case hessianRatio = "hessian_ratio"
        case standardDeviation = "standard_deviation"
    }
}

extension PosteriorHealth {
    /// The state of a posterior as a whole.
    init(_ posterior: IVONPosterior, clippedShare: Double?) {
        let ratio = posterior.hessian * (1 / posterior.hessianInitialization)
        self.init(
            clippedShare: clippedShare,
            hessianRatio: ratio.quantiles([0.05, 0.5, 0.95]),
            standardDeviation: posterior.standardDeviation.mean().item
        )
    }

    /// The state of a posterior as a whole and of the matrix behind each of `entries`.
    init(_ posterior: IVONPosterior, entries: [FlatParameters.Entry]) {
        self.init(posterior, clippedShare: nil)
        layers = entries.map { LayerHealth(posterior, $0) }
    }
}

extension LayerHealth {
    /// The state of the posterior of a parameter with a PEFT name, such as
    /// `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`.
    init(_ posterior: IVONPosterior, _ entry: FlatParameters.Entry) {
        let parts = entry.name.split(separator: ".").map(String.init)
        layer = parts.lazy.compactMap { Int($0) }.first
        let end = parts.lastIndex { $0.hasPrefix("lora_") } ?? parts.count - 1
        projection = end > 0 ? parts[end - 1] : entry.name
        matrix = parts[end].replacingOccurrences(of: "lora_", with: "")
        let ratio =
            FlatParameters.view(posterior.hessian, entry) * (1 / posterior.hessianInitialization)
        hessianRatio = ratio.quantiles([0.05, 0.5, 0.95])
        standardDeviation = FlatParameters.view(posterior.standardDeviation, entry).mean().item
    }
}
