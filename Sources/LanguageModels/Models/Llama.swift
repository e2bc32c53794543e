import Torch

// The Llama family: pre-norm decoder with rotary positions, grouped-query attention and a SwiGLU
// MLP (arXiv 2302.13971, 2307.09288, 2407.21783).
// SmolLM2 is this with tied embeddings, Mistral this with a window that its length never reaches.

/// Attention over the tokens of a packed batch.
private final class LlamaAttention {
    let projections: LinearGroup  // query, key, value
    let output: Linear
    private let configuration: ModelConfiguration

    init(_ weights: WeightScope, _ configuration: ModelConfiguration) throws {
        let size = configuration.headSize
        projections = try LinearGroup(
            weights,
            [
                ("q_proj", configuration.headCount * size),
                ("k_proj", configuration.keyHeadCount * size),
                ("v_proj", configuration.keyHeadCount * size),
            ],
            input: configuration.hiddenSize,
            bias: configuration.attentionBias
        )
        output = try Linear(
            weights / "o_proj",
            input: configuration.headCount * size,
            output: configuration.hiddenSize,
            bias: configuration.attentionBias
        )
        self.configuration = configuration
    }

    func callAsFunction(_ x: Tensor, _ pass: LlamaPass) -> Tensor {
        let size = configuration.headSize
        // [tokens, heads * size], twice [tokens, keyHeads * size]
        let parts = projections.separate(x)
        var query = parts[0].reshaped([-1, configuration.headCount, size])
            .rotated(cosine: pass.cosine, sine: pass.sine)
        let key = parts[1].reshaped([-1, configuration.keyHeadCount, size])
            .rotated(cosine: pass.cosine, sine: pass.sine)
        let value = parts[2].reshaped([-1, configuration.keyHeadCount, size])
        if let rows = pass.rows { query = query.selecting(rows, along: 0) }
        let mixed = packedAttention(
            query: query,
            key: key,
            value: value,
            spans: pass.spans,
            scale: 1 / Double(size).squareRoot()
        )  // [rows, heads, size]
        return output(mixed.reshaped([-1, configuration.headCount * size]))
    }
}

/// The gated MLP: down(silu(gate x) * up x).
private final class LlamaMLP {
    let gateAndUp: LinearGroup
    let down: Linear

    init(_ weights: WeightScope, _ configuration: ModelConfiguration) throws {
        let hidden = configuration.hiddenSize
        let inner = configuration.intermediateSize
        gateAndUp = try LinearGroup(
            weights,
            [("gate_proj", inner), ("up_proj", inner)],
            input: hidden,
            bias: configuration.mlpBias
        )
        down = try Linear(
            weights / "down_proj",
            input: inner,
            output: hidden,
            bias: configuration.mlpBias
        )
    }

    func callAsFunction(_ x: Tensor) -> Tensor { down(gateAndUp.joined(x).swiglu()) }
}

private final class LlamaBlock {
    let attention: LlamaAttention
    let mlp: LlamaMLP
    private let attentionNorm: Tensor  // [hidden]
    private let mlpNorm: Tensor  // [hidden]
    private let epsilon: Double

    init(_ weights: WeightScope, _ configuration: ModelConfiguration) throws {
        let hidden = [configuration.hiddenSize]
        attention = try LlamaAttention(weights / "self_attn", configuration)
        mlp = try LlamaMLP(weights / "mlp", configuration)
        attentionNorm = try (weights / "input_layernorm").tensor("weight", hidden)
        mlpNorm = try (weights / "post_attention_layernorm").tensor("weight", hidden)
        epsilon = configuration.normEpsilon
    }

    func callAsFunction(_ x: Tensor, _ pass: LlamaPass) -> Tensor {
        let attended = attention(x.rmsNorm(weight: attentionNorm, epsilon: epsilon), pass)
        var x = x
        if let rows = pass.rows { x = x.selecting(rows, along: 0) }
        x = x + attended
        return x + mlp(x.rmsNorm(weight: mlpNorm, epsilon: epsilon))
    }
}

/// What blocks of one forward pass share.
private struct LlamaPass {
    let cosine: Tensor  // [tokens, headSize / 2]
    let sine: Tensor  // [tokens, headSize / 2]
    let spans: AttentionSpans
    /// The tokens that go on behind attention's keys and values: [rows]; nil where all do.
    let rows: Tensor?

    init(
        _ batch: PackedTokens,
        _ angles: (cosine: Tensor, sine: Tensor),
        at rows: OutputRows
    ) {
        (cosine, sine) = angles
        spans = batch.spans(of: rows)
        self.rows = batch.indices(of: rows).map { Tensor($0, device: angles.cosine.device) }
    }
}

/// A decoder of the Llama family.
public final class Llama: CausalLanguageModel {
    private let embedding: Tensor  // [vocabulary, hidden]
    private let blocks: [LlamaBlock]
    private let norm: Tensor  // [hidden]
    private let head: Tensor  // [vocabulary, hidden]
    private let rotary: RotaryEmbedding
    private let configuration: ModelConfiguration
    /// Every query, key, value, output, gate, up and down projection, by checkpoint path.
    public let linears: [String: Linear]
    /// Whether blocks run again in the backward pass instead of keeping what it needs.
    public var recomputesBlocks = false

    /// Builds the model from the weights of a checkpoint.
    public init(_ weights: WeightScope, _ configuration: ModelConfiguration) throws {
        let model = weights / "model"
        let table = [configuration.vocabularySize, configuration.hiddenSize]
        embedding = try (model / "embed_tokens").table("weight", table)
        blocks = try (0..<configuration.layerCount).map {
            try LlamaBlock(model / "layers" / "\($0)", configuration)
        }
        norm = try (model / "norm").tensor("weight", [configuration.hiddenSize])
        head =
            configuration.tiesEmbeddings
            ? embedding : try (weights / "lm_head").table("weight", table)
        rotary = RotaryEmbedding(
            theta: configuration.ropeTheta,
            headSize: configuration.headSize,
            scaling: configuration.ropeScaling,
            divisors: try weights.ropeDivisors(configuration.headSize / 2),
            device: weights.device
        )
        self.configuration = configuration
        let all = blocks.flatMap {
            $0.attention.projections.linears + [$0.attention.output] + $0.mlp.gateAndUp.linears
                + [$0.mlp.down]
        }
        linears = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })
    }

    /// Hidden states after the final norm: [rows, hidden].
    ///
    /// The last block's attention output and MLP run on these rows only.
    public func hiddenStates(_ batch: PackedTokens, at rows: OutputRows) -> Tensor {
        precondition(batch.held == nil, "keys and values of earlier passes are not held")
        let angles = rotary.angles(batch.positions)
        let ids = Tensor(batch.tokens, device: embedding.device)
        var x = embedding.selecting(ids, along: 0).to(.float32)
        let pass = LlamaPass(batch, angles, at: .all)
        for block in blocks.dropLast() { x = run(block, x, pass) }  // [tokens, hidden]
        if let last = blocks.last { x = run(last, x, LlamaPass(batch, angles, at: rows)) }
        return x.rmsNorm(weight: norm, epsilon: configuration.normEpsilon)
    }

    private func run(_ block: LlamaBlock, _ x: Tensor, _ pass: LlamaPass) -> Tensor {
        guard recomputesBlocks else { return block(x, pass) }
        return x.recomputedInBackward { block($0, pass) }
    }

    /// Logits of some tokens of the vocabulary, or of all: [rows, tokens].
    public func logits(_ hidden: Tensor, of tokens: [Int]?) -> Tensor {
        guard let tokens else { return hidden.frozenLinear(head.to(.float32)) }
        let rows = head.selecting(Tensor(tokens, device: head.device), along: 0)
        return hidden.frozenLinear(rows.to(.float32))
    }
}
