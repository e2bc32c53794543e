import LanguageModels
import LoRA

/// Counts the floating-point operations of the matrix products that a training step needs, from
/// sizes alone: a multiplication and an addition are two.
///
/// For one forward and backward pass over a packed batch:
///
/// * A frozen weight [out, in] over n rows takes 2 · n · in · out forward, and as many again for
///   the gradient of its input where an adapter lies before it. There is no gradient of the weight,
///   and nothing flows back below the first adapter.
/// * An adapter of rank r takes 2 · n · r · (in + out) forward, twice that for the gradients of A,
///   B and what lies between them, less 2 · n · r · in where its input needs no gradient.
/// * Attention takes two products forward and four backward over all pairs of a query and a key
///   that it sees: of the shared prefix, and of every sequence with the prefix and itself. Linear
///   attention takes three and six with the state, for every token.
/// * In the last block, attention and what follows it run on the wanted tokens of each sequence
///   only, usually the last one, and the head computes the logits that answers need; an adapter
///   of the head computes all of these tokens'.
///
/// Element-wise work and the memory that all of it moves are not counted.
public struct StepCost: Sendable {
    /// Operations by what they belong to.
    public struct Operations: Equatable, Sendable {
        /// Products with weights that are not trained, the head among them.
        public var frozen = 0.0
        /// Products with the adapters' matrices.
        public var adapters = 0.0
        /// Scores and weighted sums of attention.
        public var attention = 0.0

        /// No operations.
        public init() {}

        /// All of them.
        public var total: Double { frozen + adapters + attention }

        /// Adds other operations.
        public static func += (sum: inout Operations, other: Operations) {
            sum.frozen += other.frozen
            sum.adapters += other.adapters
            sum.attention += other.attention
        }
    }

    /// Operations a token of a batch.
    private var ofToken = Operations()
    /// Operations a last token of a sequence, besides those of a token.
    private var ofLastToken = Operations()
    /// Operations a pair of query and key, in all blocks but the last and in the last.
    private var (ofPair, ofLastPair) = (0.0, 0.0)
    /// Operations a logit.
    private let ofLogit: Double

    /// The cost of steps that train adapters on a model; only sizes are read.
    public init(_ model: any CausalLanguageModel, adapters: [LoRALayout.Module]) {
        let ranks = Dictionary(adapters.map { ($0.path, $0.rank) }) { $1 }
        // Whether what a layer reads depends on an adapter, so that a gradient flows through it.
        var needsGradient = false
        /// The operations a row of layers, of which those of one element read the same input.
        func cost(_ layers: [[Linear]]) -> Operations {
            var sum = Operations()
            for group in layers {
                for linear in group {
                    let (n, m) = (Double(linear.shape.input), Double(linear.shape.output))
                    sum.frozen += (needsGradient ? 4 : 2) * n * m
                    guard let rank = ranks[linear.path] else { continue }
                    sum.adapters += Double(rank) * (6 * (n + m) - (needsGradient ? 0 : 2 * n))
                }
                needsGradient = needsGradient || group.contains { ranks[$0.path] != nil }
            }
            return sum
        }
        for (index, block) in model.blocks.enumerated() {
            let isLast = index == model.blocks.count - 1
            ofToken += cost(block.onTokens)
            ofToken.attention += (needsGradient ? 9 : 3) * 2 * Double(block.productsByToken)
            let ofPair = (needsGradient ? 6.0 : 2) * 2 * Double(block.productsByPair)
            if isLast { ofLastPair += ofPair } else { self.ofPair += ofPair }
            if isLast { ofLastToken += cost(block.onRows) } else { ofToken += cost(block.onRows) }
        }
        if let rank = ranks[model.head.path] {
            let (n, m) = (Double(model.head.shape.input), Double(model.head.shape.output))
            ofLastToken.adapters += Double(rank) * (6 * (n + m) - (needsGradient ? 0 : 2 * n))
        }
        ofLogit = (needsGradient ? 4 : 2) * Double(model.sizes.hiddenSize)
    }

    /// The operations of one forward and backward pass over a batch for which the head computes so
    /// many logits.
    public func operations(of batch: PackedTokens, logits: Int) -> Operations {
        operations(
            prefixLength: batch.prefixLength,
            lengths: batch.lengths,
            outputs: batch.outputs,
            logits: logits
        )
    }

    /// The operations of one forward and backward pass over sequences that share a prefix and have
    /// own tokens behind it, of which so many last ones are wanted, for so many logits.
    public func operations(
        prefixLength: Int,
        lengths: [Int],
        outputs: [Int],
        logits: Int
    ) -> Operations {
        let prefix = Double(prefixLength)
        let rows = Double(outputs.reduce(0, +))
        let tokens = prefix + Double(lengths.reduce(0, +))
        // 1 + 2 + ... + n pairs of a token with itself and those before it.
        let pairs = lengths.reduce(prefix * (prefix + 1) / 2) { sum, length in
            let n = Double(length)
            return sum + n * prefix + n * (n + 1) / 2
        }
        var result = Operations()
        result.frozen =
            tokens * ofToken.frozen + rows * ofLastToken.frozen + Double(logits) * ofLogit
        result.adapters = tokens * ofToken.adapters + rows * ofLastToken.adapters
        // The last of n own tokens sees n and the prefix, the one before it n - 1.
        let lastPairs = zip(lengths, outputs).reduce(0) { sum, sequence in
            let (length, wanted) = (Double(sequence.0), Double(sequence.1))
            return sum + wanted * (prefix + length) - wanted * (wanted - 1) / 2
        }
        result.attention = pairs * ofPair + lastPairs * ofLastPair
        return result
    }
}
