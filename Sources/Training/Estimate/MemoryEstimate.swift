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
        // The variance, the mean while a draw is in its place, and a deviation for every two draws.
        let pairs = (recipe.draws + 1) / 2
        posterior = recipe.method.hasPosterior ? (2 + pairs) * vector : 0
        let block = BlockActivations(
            model,
            modules,
            batch,
            in: recipe.precision.compute
        )
        let trained = block.peak(recomputes: recipe.gradientCheckpointing)
        let answered = block.temporaries(tokens: answerTokens)
        // Logits, their logarithms of probabilities, and the gradient, of one block of rows.
        let rows = min(logits, AnswerScorer.blockRows * model.sizes.vocabularySize)
        activations = max(trained, answered) + 3 * 4 * rows
    }

    /// The numbers that are trained, for the adapted layers of a model's sample: those of a block
    /// of each kind, and the head, of which the sample has one row.
    static func parameters(_ modules: [LoRALayout.Module], of model: ModelSize) -> Int {
        modules.reduce(0) { sum, module in
            let isHead = module.path == model.sample.head.path
            let output = isHead ? model.sizes.vocabularySize : module.output
            return sum + model.count(of: module.path) * module.rank * (module.input + output)
        }
    }
}

/// What the blocks of a decoder keep in a forward pass, in bytes.
private struct BlockActivations {
    private let sizes: DecoderSizes
    private let tokens: Int
    private let bytesOfNumber: Int
    /// Bytes that all blocks but the last keep for the backward pass.
    private let kept: Int
    /// The most bytes that one of them keeps.
    private let most: Int
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
        let bytes = compute.dtype.byteCount
        /// Bytes of a block with so many rows behind attention.
        func kept(_ block: BlockOutline, rows: Int) -> Int {
            bytes * tokens * (block.keptByToken + inputs(block.onTokens))
                + bytes * rows * (block.keptByRow + inputs(block.onRows))
        }
        let whole = model.sample.blocks.map { kept($0, rows: tokens) }
        let all = zip(whole, model.counts).reduce(0) { $0 + $1.0 * $1.1 }
        self.kept = all - (whole.last ?? 0)
        most = whole.max() ?? 0
        let rows = batch.outputs.reduce(0, +)
        keptByLast = model.sample.blocks.last.map { kept($0, rows: rows) } ?? 0
        bytesOfNumber = bytes
        self.tokens = tokens
    }

    /// Bytes at the peak of a forward and backward pass.
    func peak(recomputes: Bool) -> Int {
        let temporary = temporaries(tokens: tokens)
        if recomputes {
            // Hidden states between blocks are float32.
            let inputs = 4 * sizes.layerCount * tokens * sizes.hiddenSize
            return Int(Self.heapFactor * Double(inputs + most)) + temporary
        }
        return Int(Self.heapFactor * Double(kept + keptByLast)) + temporary
    }

    /// Bytes of what the MLP holds at once: gate and up, their product, and the same once more.
    func temporaries(tokens: Int) -> Int {
        bytesOfNumber * tokens * 6 * sizes.intermediateSize
    }
}
