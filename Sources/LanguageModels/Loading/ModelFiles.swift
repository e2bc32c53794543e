import Foundation
import JSON
import TensorFiles
import Tokenization
import Torch

/// The files of a model, of which the headers are read.
public struct ModelFiles {
    /// Where they are.
    public let location: ModelLocation
    /// The family's name: `model_type` of `config.json`, `general.architecture` of GGUF.
    public let family: String
    let configuration: any ModelConfiguration
    let weights: any WeightSource

    /// The model's sizes.
    public var sizes: DecoderSizes { configuration.sizes }

    /// Opens a model's files, and reads its settings.
    ///
    /// - Throws: an error that names file, key, expected and found.
    public init(_ location: ModelLocation) throws {
        self.location = location
        switch location {
        case .folder(let folder):
            let file = folder.appendingPathComponent("config.json")
            try Self.refuseAdapter(folder, without: file)
            let root = try JSONNode(contentsOf: file)
            family = try ModelFamily.modelType(ModelFamily.languageModel(root))
            configuration = try ModelFamily.configuration(root)
            weights = try HuggingFaceWeights(
                ShardedCheckpoint(contentsOf: folder),
                seesImages: ModelFamily.isWrapper(root)
            )
        case .gguf(let file):
            let archive = try GGUF(contentsOf: file)
            family = try archive.string("general.architecture")
            (configuration, weights) = try ModelFamily.configuration(archive)
        }
    }

    private static func refuseAdapter(_ folder: URL, without configuration: URL) throws {
        let adapter = folder.appendingPathComponent("adapter_config.json")
        guard !FileManager.default.fileExists(atPath: configuration.path),
            FileManager.default.fileExists(atPath: adapter.path)
        else { return }
        throw ModelError.notFound(
            place: folder.path,
            reason: "expected a model, found an adapter without a config.json; merge it with PEFT"
                + " (merge_and_unload, save_pretrained), or name the model that it belongs to"
        )
    }

    /// The model's tokenizer.
    ///
    /// - Throws: an error that names file, key, expected and found.
    public func loadTokenizer() throws -> Tokenizer {
        guard let weights = weights as? GGUFWeights else { return try location.loadTokenizer() }
        return try Tokenizer(weights.archive)
    }

    /// The model and a fingerprint of its weights, which are those of the files unless others are
    /// given.
    func build(
        _ precision: Precision = Precision(),
        device: Device = .cpu,
        weights: (any WeightSource)? = nil
    ) throws -> (model: any CausalLanguageModel, fingerprint: String) {
        let source = weights ?? self.weights
        let scope = WeightScope(source, precision, device: device)
        let model = try withTorchErrors {
            try Engine.withoutReuseOfMemory { try configuration.model(scope) }
        }
        try scope.checkAllRead()
        return (model, try source.fingerprint())
    }
}
