import Foundation
import TensorFiles
import Tokenization
import Torch

/// A model with what belongs to it: tokenizer, configuration and a fingerprint of its weights.
public struct LoadedModel {
    /// The decoder.
    public let model: any CausalLanguageModel
    /// Its tokenizer.
    public let tokenizer: Tokenizer
    /// Its sizes and settings.
    public let configuration: ModelConfiguration
    /// A short name of the weights: equal for equal checkpoints, whatever their place.
    public let fingerprint: String
    /// Where the weights lie.
    public let device: Device

    /// The precision of its linear layers.
    public let precision: BasePrecision

    /// Loads a model tensor by tensor: at no time two copies of more than one of them are held.
    ///
    /// - Throws: an error that names file, key, expected and found.
    public init(
        _ location: ModelLocation,
        device: Device = .cpu,
        precision: BasePrecision = .float32
    ) throws {
        let source: any WeightSource
        switch location {
        case .folder(let folder):
            configuration = try ModelConfiguration(
                contentsOf: folder.appendingPathComponent("config.json")
            )
            source = HuggingFaceWeights(try ShardedCheckpoint(contentsOf: folder))
        case .gguf(let file):
            let archive = try GGUF(contentsOf: file)
            configuration = try ModelConfiguration(archive)
            source = GGUFWeights(archive, configuration)
        }
        tokenizer = try location.loadTokenizer()
        guard let family = ModelFamily.all[configuration.family] else {
            throw ModelError.unsupported(
                file: location.url.path,
                key: "the model family",
                found: configuration.family,
                supported: ModelFamily.all.keys.sorted().joined(separator: ", ")
            )
        }
        (model, fingerprint) = try Self.build(family, source, configuration, device, precision)
        self.device = device
        self.precision = precision
    }

    /// A model without its tokenizer, for tests of the computation alone.
    static func build(
        _ family: any CausalLanguageModel.Type,
        _ source: any WeightSource,
        _ configuration: ModelConfiguration,
        _ device: Device,
        _ precision: BasePrecision = .float32
    ) throws -> (any CausalLanguageModel, String) {
        let scope = WeightScope(source, precision, device: device)
        let model = try withTorchErrors {
            try Engine.withoutReuseOfMemory { try family.init(scope, configuration) }
        }
        try scope.checkAllRead { name in
            // Tied checkpoints may repeat the embedding; old Llama files store derived frequencies.
            (configuration.tiesEmbeddings && name == "lm_head.weight")
                || name.hasSuffix("rotary_emb.inv_freq")
        }
        return (model, try source.fingerprint())
    }
}
