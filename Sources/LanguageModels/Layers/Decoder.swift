import Torch

/// A block of a decoder: hidden states [tokens, hidden] to those of the rows that go on.
///
/// Hidden states are float32 between blocks, whatever is computed in inside: every block adds to
/// them, and in 16 bits they would be rounded each time.
protocol DecoderBlock {
    /// What it computes.
    var outline: BlockOutline { get }

    func callAsFunction(_ x: Tensor, _ pass: DecoderPass) -> Tensor
}

/// What the blocks of one forward pass share, made when it is first asked for.
final class DecoderPass {
    private let batch: PackedTokens
    private let rows: OutputRows
    private let compute: ComputeType
    private let indices: Tensor?  // [rows], the tokens that go on behind keys and values; nil: all
    private var angles: [ObjectIdentifier: (cosine: Tensor, sine: Tensor)] = [:]
    private var spans: [Int: AttentionSpans] = [:]
    private var allSpans: AttentionSpans?

    /// A pass over a batch of which some rows go on; with the angles of an earlier one over it.
    init(
        _ batch: PackedTokens,
        at rows: OutputRows,
        in compute: ComputeType,
        device: Device,
        after earlier: DecoderPass?
    ) {
        (self.batch, self.rows, self.compute) = (batch, rows, compute)
        indices = batch.indices(of: rows).map { Tensor($0, device: device) }
        (angles, allSpans) = (earlier?.angles ?? [:], earlier?.allSpans)
    }

    /// Hidden states in the type that is computed in.
    func rounded(_ x: Tensor) -> Tensor { x.to(compute.dtype) }

    /// The rows of `x` [tokens, ...] that go on.
    func outputRows(of x: Tensor) -> Tensor { indices.map { x.selecting($0, along: 0) } ?? x }

    /// `x` [tokens, heads, size] rotated by the positions of its tokens.
    func rotated(_ x: Tensor, by rotary: RotaryEmbedding) -> Tensor {
        let name = ObjectIdentifier(rotary)
        let known = angles[name] ?? rotary.angles(batch.positions)
        angles[name] = known
        return x.rotated(cosine: known.cosine, sine: known.sine)
    }

    /// Every token of the batch.
    var wholeSpans: AttentionSpans {
        let known = allSpans ?? batch.spans(of: .all)
        allSpans = known
        return known
    }

    /// Queries of the rows that go on, each of which sees at most `window` keys.
    func spans(window: Int?) -> AttentionSpans {
        let known = spans[window ?? 0] ?? batch.spans(of: rows, window: window)
        spans[window ?? 0] = known
        return known
    }
}

/// What a family does to embeddings and logits besides.
struct DecoderEnds {
    /// Factor of the embeddings.
    var embeddingScale = 1.0
    /// Added to the stored factors of the last norm.
    var normOffset = 0.0
    /// Factor of the logits.
    var logitScale = 1.0
    /// Logits become cap * tanh(logit / cap), where there is a cap.
    var logitCap: Double?
}

/// A decoder: embedding, the blocks of a family, norm and head.
final class Decoder: CausalLanguageModel {
    let sizes: DecoderSizes
    let blocks: [BlockOutline]
    let linears: [String: Linear]
    let head: Linear
    var recomputesBlocks = false
    private let embedding: Tensor  // [vocabulary, hidden]
    private let layers: [any DecoderBlock]
    private let norm: RMSNorm
    private let table: Tensor  // [vocabulary, hidden], the weight of the head
    private let ends: DecoderEnds
    private let compute: ComputeType

    /// Reads the tables, the norm, and the blocks, which `block` makes of their place and number.
    init(
        _ weights: WeightScope,
        _ sizes: DecoderSizes,
        normEpsilon: Double,
        ends: DecoderEnds = DecoderEnds(),
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
        norm = try RMSNorm(
            model / "norm",
            sizes.hiddenSize,
            epsilon: normEpsilon,
            offset: ends.normOffset,
            as: .float32
        )
        let head = hasHead ? try stored.head.table("weight", table) : embedding
        let isTied = sizes.tiesEmbeddings && head.isEqual(to: embedding)
        self.table = isTied ? embedding : head
        self.head = Linear(
            path: stored.head.path,
            weight: .dense(self.table),
            bias: nil,
            isTied: isTied
        )
        self.sizes = sizes
        self.ends = ends
        compute = weights.precision.compute
        blocks = layers.map(\.outline)
        let all = blocks.flatMap(\.linears)
        linears = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })
    }

    func hiddenStates(_ batch: PackedTokens, at rows: OutputRows) -> Tensor {
        precondition(batch.held == nil, "keys and values of earlier passes are not held")
        let ids = Tensor(batch.tokens, device: embedding.device)
        var x = embedding.selecting(ids, along: 0).to(.float32)
        if ends.embeddingScale != 1 { x = x * ends.embeddingScale }
        func pass(at rows: OutputRows, after earlier: DecoderPass?) -> DecoderPass {
            DecoderPass(batch, at: rows, in: compute, device: x.device, after: earlier)
        }
        let whole = pass(at: .all, after: nil)
        for layer in layers.dropLast() { x = run(layer, x, whole) }  // [tokens, hidden]
        let end = pass(at: rows, after: whole)
        if let last = layers.last { x = run(last, x, end) }
        return norm(x)  // [rows, hidden]
    }

    private func run(_ block: any DecoderBlock, _ x: Tensor, _ pass: DecoderPass) -> Tensor {
        guard recomputesBlocks else { return block(x, pass) }
        return x.recomputedInBackward { block($0, pass) }
    }

    func logits(_ hidden: Tensor, of tokens: [Int]?) -> Tensor {
        let chosen = tokens.map { Tensor($0, device: table.device) }
        let rows = chosen.map { table.selecting($0, along: 0) } ?? table
        var logits = hidden.frozenLinear(rows)
        if let delta = head.adapter?.delta(hidden) {
            logits = logits + (chosen.map { delta.selecting($0, along: 1) } ?? delta)
        }
        let scaled = ends.logitScale == 1 ? logits : logits * ends.logitScale
        return ends.logitCap.map { (scaled * (1 / $0)).hyperbolicTangent() * $0 } ?? scaled
    }
}
