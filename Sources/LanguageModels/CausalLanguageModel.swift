import Torch

/// A decoder that predicts the next token; each family is one file and one row of the table below.
public protocol CausalLanguageModel: AnyObject {
    /// Builds the model from the weights of a checkpoint.
    ///
    /// - Throws: ``ModelError`` for missing tensors and for shapes that disagree with the
    ///   configuration.
    init(_ weights: WeightScope, _ configuration: ModelConfiguration) throws

    /// Every linear layer that can take an adapter, by checkpoint path.
    var linears: [String: Linear] { get }

    /// Whether blocks keep their input alone for the backward pass, and run again in it: less
    /// memory for more time. Adapters must then stay as they are until that pass is over.
    var recomputesBlocks: Bool { get set }

    /// Hidden states after the final norm: [rows, hidden].
    func hiddenStates(_ batch: PackedTokens, at rows: OutputRows) -> Tensor

    /// Logits of some tokens of the vocabulary, or of all: [rows, tokens].
    func logits(_ hidden: Tensor, of tokens: [Int]?) -> Tensor
}

/// The model families, by `model_type` of `config.json` and by `general.architecture` of GGUF.
enum ModelFamily {
    static var all: [String: any CausalLanguageModel.Type] {
        ["llama": Llama.self, "mistral": Llama.self]
    }
}
