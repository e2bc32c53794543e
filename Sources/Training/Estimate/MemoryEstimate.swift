import Evaluation
import LanguageModels
import LoRA

/// The memory that training on the CPU takes at its peak, in bytes, from sizes alone.
public struct MemoryEstimate: Equatable, Sendable, Encodable {
    /// The process itself: code of the tool and of libtorch, tokenizer, buffers of products.
    public var process = 165_000_000
    /// Weights of the linear layers, in the base's precision.
    public var linears: Int
    /// Embeddings, head, norms and biases.
    public var otherWeights: Int
    /// Values and gradients of the adapters.
    public var adapters: Int
    /// State of the optimizer and vectors it computes with.
    public var optimizer: Int
    /// What the passes keep for their backward passes, and their temporary tensors.
    public var activations: Int
    /// The posterior's draws at the end, for which the optimizer's state stays; 0 without one.
    public var posterior: Int

    /// The sum: the parts are all there when the results are written.
    public var total: Int {
        process + linears + otherWeights + adapters + optimizer + activations + posterior
    }

    private enum CodingKeys: String, CodingKey {
        case process, linears, adapters, optimizer, activations, posterior, total
        case otherWeights = "other_weights"
    }

    /// Writes every part and the total.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        for (key, bytes) in [
            (CodingKeys.process, process), (.linears, linears), (.otherWeights, otherWeights),
            (.adapters, adapters), (.optimizer, optimizer), (.activations, activations),
            (.posterior, posterior), (.total, total),
        ] {
            try container.encode(bytes, forKey: key)
        }
    }

    /// The memory of a run by `recipe`, with its largest backward pass over a batch for which the
    /// head computes so many logits, and with so many tokens in its largest batch of answers.
    public init(
        _ recipe: Recipe,
        model: ModelSize,
        modulesOfSample modules: [LoRALayout.Module],
        batch: PackedTokens,
        logits: Int,
        answerTokens: Int
    ) {
        linears = model.linearBytes
        otherWeights = model.otherBytes
        let vector = 4 * Self.parameters(modules, of: model)
        adapters = 2 * vector
        optimizer = recipe.method.vectors * vector
        posterior = recipe.method.hasPosterior ? (2 + recipe.draws) * vector : 0
        let block = BlockActivations(
            model,
            modules,
            batch,
            in: recipe.compute
        )
        let trained = block.peak(
            blocks: model.sizes.layerCount,
            recomputes: recipe.gradientCheckpointing
        )
        let answered = block.temporaries(tokens: answerTokens)
        // Logits, their logarithms of probabilities, and the gradient, of one block of rows.
        let rows = min(logits, AnswerScorer.blockRows * model.sizes.vocabularySize)
        activations = max(trained, answered) + 3 * 4 * rows
    }

    /// The numbers that are trained, for the adapted layers of a model's sample: those of one of
    /// its equal blocks, and the head, of which the sample has one row.
    static func parameters(_ modules: [LoRALayout.Module], of model: ModelSize) -> Int {
        modules.reduce(0) { sum, module in
            let isHead = module.path == model.block.head.path
            let output = isHead ? model.sizes.vocabularySize : module.output
            let count = isHead ? 1 : model.sizes.layerCount
            return sum + count * module.rank * (module.input + output)
        }
    }
}

/// What a block of a decoder keeps in a forward pass, in bytes.
private struct BlockActivations {
    private let sizes: DecoderSizes
    private let tokens: Int
    private let bytesOfNumber: Int
    /// Bytes that all blocks but the last keep for the backward pass.
    private let kept: Int
    /// Bytes that the last block keeps, which goes on with the last tokens after attention.
    private let keptByLast: Int

    /// The heap of the C library loses space between tensors that stay and temporary ones: what
    /// is kept took 1.3 to 1.8 times its size where measured (glibc 2.36; widths 576 and 4096).
    private static let heapFactor = 1.5

    init(
        _ model: ModelSize,
        _ modules: [LoRALayout.Module],
        _ batch: PackedTokens,
        in compute: ComputeType
    ) {
        sizes = model.sizes
        let tokens = batch.tokens.count
        let adapted = Set(modules.map(\.path))
        // Adapters keep their inputs; layers of the same input share it.
        func inputs(_ layers: [[Linear]]) -> Int {
            let kept = layers.joined().filter { adapted.contains($0.path) }.map(\.shape.input)
            return Set(kept).reduce(0, +)
        }
        var (ofToken, ofRow) = (0, 0)
        if let block = model.block.blocks.first {
            ofToken = block.keptByToken + inputs(block.onTokens)
            ofRow = block.keptByRow + inputs(block.onRows)
        }
        bytesOfNumber = compute.dtype.byteCount
        kept = bytesOfNumber * tokens * (ofToken + ofRow)
        keptByLast = bytesOfNumber * (tokens * ofToken + batch.outputs.reduce(0, +) * ofRow)
        self.tokens = tokens
    }

    /// Bytes at the peak of a forward and backward pass.
    func peak(blocks: Int, recomputes: Bool) -> Int {
        let temporary = temporaries(tokens: tokens)
        if recomputes {
            // Hidden states between blocks are float32.
            let inputs = 4 * blocks * tokens * sizes.hiddenSize
            return Int(Self.heapFactor * Double(inputs + kept)) + temporary
        }
        return Int(Self.heapFactor * Double((blocks - 1) * kept + keptByLast)) + temporary
    }

    /// Bytes of what the MLP holds at once: gate and up, their product, and the same once more.
    func temporaries(tokens: Int) -> Int {
        bytesOfNumber * tokens * 6 * sizes.intermediateSize
    }
}
