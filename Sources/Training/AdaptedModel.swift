import Evaluation
import LanguageModels
import LoRA
import Optimizers
import Randomness
import Torch

/// A base model with adapters over one vector of parameters.
public struct AdaptedModel {
    /// The base model with its tokenizer.
    public let base: LoadedModel
    /// The adapters, attached to the base.
    public let adapters: LoRAAdapters
    /// The adapters' numbers.
    public let parameters: FlatParameters
    /// Answer probabilities of the adapted model.
    public let scorer: AnswerScorer

    /// Attaches adapters, all zero, to a model.
    ///
    /// - Throws: `LoRAError` when the settings are out of range or do not fit the model.
    public init(_ base: LoadedModel, lora: LoRASettings) throws {
        let layout = try LoRALayout(lora, for: base.model)
        self.base = base
        parameters = FlatParameters(layout.parameters, device: base.device)
        adapters = LoRAAdapters(layout, on: base.model, parameters: parameters.tensors)
        scorer = AnswerScorer(base.model, device: base.device)
    }

    /// Starts the adapters as PEFT does, from the initialisation stream of a seed.
    func initialize(seed: Int) {
        let stream = RandomStream.initialisation.seed(from: UInt64(seed))
        adapters.initialize(from: Generator(seed: stream, device: base.device))
    }

    /// The parameters' float32 values, row-major, by name.
    var values: [String: [Float]] {
        Dictionary(
            uniqueKeysWithValues: parameters.entries.map {
                ($0.name, FlatParameters.view(parameters.values, $0).floats)
            }
        )
    }

    /// Puts values read from an adapter file into the parameters.
    func load(_ values: [String: [Float]]) {
        for entry in parameters.entries {
            guard let new = values[entry.name] else { continue }
            FlatParameters.view(parameters.values, entry)
                .copyInPlace(Tensor(new, shape: entry.shape, device: base.device))
        }
    }
}
