import Foundation
import Tokenization
import Torch

/// A model with what belongs to it: tokenizer, sizes and a fingerprint of its weights.
public struct LoadedModel {
    /// The decoder.
    public let model: any CausalLanguageModel
    /// Its tokenizer.
    public let tokenizer: Tokenizer
    /// The file that the tokenizer was read from, for messages.
    public let tokenizerFile: URL
    /// A short name of the weights: equal for equal checkpoints, whatever their place.
    public let fingerprint: String
    /// Where the weights lie.
    public let device: Device
    /// How it keeps weights and computes.
    public let precision: Precision

    /// Its sizes.
    public var sizes: DecoderSizes { model.sizes }

    /// What people should know about how it computes.
    public var warnings: [String] { precision.warnings(on: device) }

    /// Loads a model tensor by tensor: at no time two copies of more than one of them are held.
    ///
    /// - Throws: an error that names file, key, expected and found.
    public init(
        _ location: ModelLocation,
        device: Device = .cpu,
        precision: Precision = Precision()
    ) throws {
        let files = try ModelFiles(location)
        tokenizer = try files.loadTokenizer()
        tokenizerFile = location.tokenizerFile
        (model, fingerprint) = try files.build(precision, device: device)
        self.device = device
        self.precision = precision
    }
}
