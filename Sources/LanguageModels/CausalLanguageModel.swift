import Torch

/// A decoder that predicts the next token.
public protocol CausalLanguageModel: AnyObject {
    /// Its sizes.
    var sizes: DecoderSizes { get }

    /// What its blocks compute, in order.
    var blocks: [BlockOutline] { get }

    /// Every linear layer of the blocks, by checkpoint path.
    var linears: [String: Linear] { get }

    /// The layer that makes logits of hidden states: [vocabulary, hidden].
    var head: Linear { get }

    /// Whether blocks keep their input alone for the backward pass, and run again in it: less
    /// memory for more time. Adapters must then stay as they are until that pass is over.
    var recomputesBlocks: Bool { get set }

    /// Hidden states after the final norm: [rows, hidden].
    ///
    /// In the last block, what follows attention's keys and values runs on these rows only.
    func hiddenStates(_ batch: PackedTokens, at rows: OutputRows) -> Tensor

    /// Logits of some tokens of the vocabulary, or of all, in float32: [rows, tokens].
    func logits(_ hidden: Tensor, of tokens: [Int]?) -> Tensor
}

extension CausalLanguageModel {
    /// Every layer that can take an adapter, by checkpoint path: the blocks' and the head.
    public var adaptable: [String: Linear] { linears.merging([head.path: head]) { own, _ in own } }
}

/// What a block of a decoder computes, for those who count operations and memory.
public struct BlockOutline {
    /// Linear layers that run on every token, in the order of their use; attention follows.
    ///
    /// Those of one element read the same input.
    public let onTokens: [[Linear]]
    /// Linear layers behind attention, which in the last block run on the output rows only.
    public let onRows: [[Linear]]
    /// Numbers a token that the backward pass needs of what comes before attention's result,
    /// besides the inputs of adapters.
    public let keptByToken: Int
    /// Numbers a row that it needs of what comes behind.
    public let keptByRow: Int
    /// Multiplications for each pair of a token and one that it sees, as attention has them twice:
    /// for the score and for the sum.
    public let productsByPair: Int
    /// Multiplications of one product with a state, for each token, of which there are three:
    /// two that read it and one that changes it.
    public let productsByToken: Int

    /// All linear layers in the order of their use.
    public var linears: [Linear] { Array((onTokens + onRows).joined()) }
}

/// The sizes of a decoder.
public struct DecoderSizes: Equatable, Sendable {
    /// Tokens in the vocabulary.
    public var vocabularySize: Int
    /// Width of the hidden states.
    public var hiddenSize: Int
    /// Width inside the MLP.
    public var intermediateSize: Int
    /// Number of blocks.
    public var layerCount: Int
    /// Number of query heads.
    public var headCount: Int
    /// Number of key and value heads; divides `headCount`.
    public var keyHeadCount: Int
    /// Width of a head; even.
    public var headSize: Int
    /// The longest sequence the model computes rightly, in tokens.
    public var maximumLength: Int
    /// Whether the head is the embedding table.
    public var tiesEmbeddings: Bool

    /// Width of the queries of all heads.
    public var queryWidth: Int { headCount * headSize }
    /// Width of the keys of all heads, and of the values.
    public var keyWidth: Int { keyHeadCount * headSize }
}
