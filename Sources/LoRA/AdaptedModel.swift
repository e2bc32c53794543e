import LanguageModels
import Optimizers
import Randomness
import Torch

/// A base model with adapters over one vector of parameters.
///
/// The adapters stay in the model's layers as long as one of these, or whatever was made of it,
/// lives, and until another one is made of the same base.
public struct AdaptedModel {
    /// The base model with its tokenizer.
    public let base: LoadedModel
    /// The adapters, attached to the base.
    public let adapters: LoRAAdapters
    /// The adapters' numbers.
    public let parameters: FlatParameters

    /// Attaches adapters, all zero, to a model, in place of those that it has.
    ///
    /// - Throws: ``LoRAError`` when the settings are out of range or do not fit the model.
    public init(_ base: LoadedModel, lora: LoRASettings) throws {
        let layout = try LoRALayout(lora, for: base.model)
        self.base = base
        parameters = FlatParameters(layout.parameters, device: base.device)
        adapters = LoRAAdapters(layout, on: base.model, parameters: parameters.tensors)
    }

    /// Starts the adapters as PEFT does, from the initialisation stream of a seed.
    public func initialize(seed: UInt64) {
        let stream = RandomStream.initialisation.seed(from: seed)
        adapters.initialize(from: Generator(seed: stream, device: base.device))
    }
}
