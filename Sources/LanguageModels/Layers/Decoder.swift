import Torch

/// A block of a decoder: hidden states [tokens, hidden] to those of the rows that go on.
protocol DecoderBlock {
    /// What it computes.
    var outline: BlockOutline { get }

    func callAsFunction(_ x: Tensor, _ pass: DecoderPass) -> Tensor
}

/// What blocks of one forward pass share.
struct DecoderPass {
    let cosine: Tensor  // [tokens, headSize / 2]
    let sine: Tensor  // [tokens, headSize / 2]
    let spans: AttentionSpans
    /// The tokens that go on behind attention's keys and values: [rows]; nil where all do.
    private let rows: Tensor?

    init(
        _ batch: PackedTokens,
        _ angles: (cosine: Tensor, sine: Tensor),
        at rows: OutputRows
    ) {
        (cosine, sine) = angles
        spans = batch.spans(of: rows)
        self.rows = batch.indices(of: rows).map { Tensor($0, device: angles.cosine.device) }
    }

    /// The rows of `x` [tokens, ...] that go on.
    func outputRows(of x: Tensor) -> Tensor { rows.map { x.selecting($0, along: 0) } ?? x }
}

/// A decoder: embedding, the blocks of a family, norm and head.
final class Decoder: CausalLanguageModel {
    let sizes: DecoderSizes
    let blocks: [BlockOutline]
    let linears: [String: Linear]
    var recomputesBlocks = false
    private let embedding: Tensor  // [vocabulary, hidden]
    private let layers: [any DecoderBlock]
    private let norm: RMSNorm
    private let head: Tensor  // [vocabulary, hidden]
    private let rotary: RotaryEmbedding
    private let scales: (embedding: Double, logits: Double)
    private let compute: DType  // of hidden states

    /// Reads the tables, the norm, and the blocks, which `block` makes of their place and number.
    ///
    /// Embeddings and logits are multiplied by `scales`.
    init(
        _ weights: WeightScope,
        _ sizes: DecoderSizes,
        normEpsilon: Double,
        rotary: RotarySettings,
        scales: (embedding: Double, logits: Double) = (1, 1),
        block: (WeightScope, Int) throws -> any DecoderBlock
    ) throws {
        let model = weights / "model"
        let table = [sizes.vocabularySize, sizes.hiddenSize]
        let stored = (table: model / "embed_tokens", head: weights / "lm_head")
        // A head that is stored beside a tied table counts where it is another one.
        let hasHead = !sizes.tiesEmbeddings || stored.head.holds("weight")
        let hasTable = !hasHead || !sizes.tiesEmbeddings || stored.table.holds("weight")
        embedding = try (hasTable ? stored.table : stored.head).table("weight", table)
        layers = try (0..<sizes.layerCount).map { try block(model / "layers" / "\($0)", $0) }
        norm = try RMSNorm(model / "norm", sizes.hiddenSize, epsilon: normEpsilon)
        let head = hasHead ? try stored.head.table("weight", table) : embedding
        self.head = sizes.tiesEmbeddings && head.isEqual(to: embedding) ? embedding : head
        self.rotary = RotaryEmbedding(
            rotary,
            headSize: sizes.headSize,
            divisors: try weights.optionalNumbers(
                RotaryEmbedding.divisors,
                count: sizes.headSize / 2
            ),
            device: weights.device
        )
        self.sizes = sizes
        self.scales = scales
        compute = weights.precision.compute
        blocks = layers.map(\.outline)
        let all = blocks.flatMap(\.linears)
        linears = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })
    }

    func hiddenStates(_ batch: PackedTokens, at rows: OutputRows) -> Tensor {
        precondition(batch.held == nil, "keys and values of earlier passes are not held")
        let angles = rotary.angles(batch.positions)
        let ids = Tensor(batch.tokens, device: embedding.device)
        var x = embedding.selecting(ids, along: 0).to(compute) * scales.embedding
        let pass = DecoderPass(batch, angles, at: .all)
        for layer in layers.dropLast() { x = run(layer, x, pass) }  // [tokens, hidden]
        if let last = layers.last { x = run(last, x, DecoderPass(batch, angles, at: rows)) }
        return norm(x)  // [rows, hidden]
    }

    private func run(_ block: any DecoderBlock, _ x: Tensor, _ pass: DecoderPass) -> Tensor {
        guard recomputesBlocks else { return block(x, pass) }
        return x.recomputedInBackward { block($0, pass) }
    }

    func logits(_ hidden: Tensor, of tokens: [Int]?) -> Tensor {
        let rows = tokens.map { head.selecting(Tensor($0, device: head.device), along: 0) }
        return (hidden.to(.float32) * scales.logits).frozenLinear(rows ?? head)
    }
}
