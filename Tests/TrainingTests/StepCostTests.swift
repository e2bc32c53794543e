import TestSupport
import Testing

@testable import LanguageModels
@testable import LoRA
@testable import Training

@Suite("Operations of a training step")
struct StepCostTests {
    /// Two blocks: 8 wide, 2 heads of 4 with one key head, 12 inside the MLP.
    private func cost(_ adapters: [(path: String, rank: Int)]) throws -> StepCost {
        var configuration = try ModelFiles(.folder(Golden.folder("Models/llama2"))).configuration
        configuration.sizes.hiddenSize = 8
        configuration.sizes.intermediateSize = 12
        configuration.sizes.layerCount = 2
        configuration.sizes.headCount = 2
        configuration.sizes.keyHeadCount = 1
        configuration.sizes.headSize = 4
        let model = try configuration.sample(Precision()).model
        let inputs = ["down_proj": 12]
        let outputs = ["q_proj": 8, "v_proj": 4, "o_proj": 8, "down_proj": 8, "up_proj": 12]
        let modules = adapters.map { path, rank in
            let name = path.split(separator: ".").last.map(String.init) ?? ""
            return LoRALayout.Module(
                path: "model.layers.\(path)",
                rank: rank,
                scale: 2,
                input: inputs[name] ?? 8,
                output: outputs[name] ?? 0
            )
        }
        return StepCost(model, adapters: modules)
    }

    /// Operations of the products [m, k] times [k, n].
    private func products(_ sizes: [(m: Int, k: Int, n: Int)]) -> Double {
        sizes.reduce(0) { $0 + 2 * Double($1.m * $1.k * $1.n) }
    }

    // Three sequences of 3, 5 and 2 own tokens behind a prefix of 4: 14 tokens.
    private let prefix = 4
    private let lengths = [3, 5, 2]
    private let answers = 2

    @Test("The first block's queries and values adapted: every product that runs, one by one")
    func queriesAndValues() throws {
        let cost = try cost([
            ("0.self_attn.q_proj", 3), ("0.self_attn.v_proj", 3), ("1.self_attn.q_proj", 3),
            ("1.self_attn.v_proj", 3),
        ])
        let found = cost.operations(
            prefixLength: prefix,
            lengths: lengths,
            outputs: [1, 1, 1],
            logits: 3 * answers
        )
        // Forward: query, key and value side by side (8 + 4 + 4), output, gate and up, down.
        let forward = [
            (14, 8, 16), (14, 8, 8), (14, 8, 24), (14, 12, 8),  // block 0
            (14, 8, 16), (3, 8, 8), (3, 8, 24), (3, 12, 8),  // block 1, the last tokens
            (3, 8, 2),  // the head
        ]
        // Backward: all but the projections that read the embeddings.
        #expect(found.frozen == products(forward) + products(Array(forward.dropFirst())))
        let a = [(14, 8, 3)]  // as many forward, for the gradient of A, and of the input
        let (bQuery, bValue) = ([(14, 3, 8)], [(14, 3, 4)])  // forward, for B's and for A's
        let b = 3 * (products(bQuery) + products(bValue))
        let expected = (2 * 2 * products(a) + b) + (2 * 3 * products(a) + b)
        #expect(found.adapters == expected)
        // 2 heads of 4: two products forward, four backward. Block 0: a token sees the prefix and
        // its sequence up to itself, the prefix itself. Block 1: one query a sequence.
        let pairs = (5 + 6 + 7) + (5 + 6 + 7 + 8 + 9) + (5 + 6) + (1 + 2 + 3 + 4) + (7 + 9 + 6)
        #expect(found.attention == Double(6 * 2 * 8 * pairs))
        #expect(found.total == found.frozen + found.adapters + found.attention)
    }

    @Test("Nothing flows back below the first adapter")
    func belowTheFirstAdapter() throws {
        let cost = try cost([("1.mlp.down_proj", 2)])
        let found = cost.operations(prefixLength: 0, lengths: [6], outputs: [1], logits: 4)
        let below = [
            (6, 8, 16), (6, 8, 8), (6, 8, 24), (6, 12, 8), (6, 8, 16), (1, 8, 8), (1, 8, 24),
            (1, 12, 8),
        ]
        // Only the head's product runs backward, too.
        #expect(found.frozen == products(below) + 2 * products([(1, 8, 4)]))
        // The adapter's input needs no gradient: forward and gradients of A and B.
        #expect(found.adapters == 2 * products([(1, 12, 2)]) + 3 * products([(1, 2, 8)]))
        #expect(found.attention == Double(2 * 2 * 8 * ((1 + 2 + 3 + 4 + 5 + 6) + 6)))
    }

    @Test("Without adapters a step is a forward pass")
    func withoutAdapters() throws {
        let cost = try cost([])
        let found = cost.operations(prefixLength: 0, lengths: [1], outputs: [1], logits: 1)
        let block = [(1, 8, 16), (1, 8, 8), (1, 8, 24), (1, 12, 8)]
        #expect(found.frozen == products(block + block + [(1, 8, 1)]))
        #expect(found.adapters == 0)
    }
}
