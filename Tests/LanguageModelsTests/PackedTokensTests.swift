import TestSupport
import Testing
import Torch

@testable import LanguageModels

@Suite("Packed batches")
struct PackedTokensTests {
    @Test(
        "A batch gives back every sequence, with the longest shared prefix once",
        arguments: [
            ([[1, 2, 3], [1, 2, 4, 5], [1, 2, 3, 9]], 2),
            ([[1, 2, 3], [1, 2, 3]], 2),
            ([[7]], 0),
            ([[7, 8, 9]], 2),
            ([[1, 2], [3, 4, 5]], 0),
            ([[1, 2, 3, 4], [1]], 0),
        ]
    )
    func packed(_ sequences: [[Int]], _ prefixLength: Int) {
        let batch = PackedTokens(sequences)
        #expect(batch.prefixLength == prefixLength)
        #expect(batch.tokens.count == prefixLength + batch.lengths.reduce(0, +))
        #expect(batch.positions.count == batch.tokens.count)
        #expect(Array(batch.positions.prefix(prefixLength)) == Array(0..<prefixLength))
        let last = batch.indices(of: batch.wantedRows)
        var start = prefixLength
        for (index, sequence) in sequences.enumerated() {
            let own = start..<start + batch.lengths[index]
            #expect(!own.isEmpty)
            #expect(batch.tokens.prefix(prefixLength) + batch.tokens[own] == sequence[...])
            #expect(Array(batch.positions[own]) == Array(prefixLength..<sequence.count))
            #expect(last?[index] == own.upperBound - 1)
            start = own.upperBound
        }
    }

    @Test("Without sharing, every sequence has all its tokens to itself")
    func separate() {
        let batch = PackedTokens([[1, 2, 3], [1, 2]], sharesPrefix: false)
        #expect(batch.prefixLength == 0)
        #expect(batch.tokens == [1, 2, 3, 1, 2])
        #expect(batch.positions == [0, 1, 2, 0, 1])
        #expect(batch.lengths == [3, 2])
        #expect(batch.indices(of: .all) == nil)
        #expect(batch.indices(of: .last([2, 1])) == [1, 2, 4])
    }

    @Test("Tokens behind held ones have their positions and see their keys")
    func held() {
        let batch = PackedTokens([[5, 6], [7]], behindPrefix: 3, held: [1, 4])
        #expect(batch.positions == [4, 5, 7])
        #expect(batch.indices(of: batch.wantedRows) == [1, 2])
        // The whole sequences, of which the same tokens are the last rows.
        let whole = PackedTokens([[0, 0, 0, 1, 5, 6], [0, 0, 0, 1, 2, 3, 4, 7]], prefixLength: 3)
        let generator = Generator(seed: 5)
        func normal(_ heads: Int, rows: Int) -> Tensor { generator.normal([rows, heads, 4]) }
        let (query, key, value) = (normal(2, rows: 3), normal(1, rows: 11), normal(1, rows: 11))
        func attention(_ spans: AttentionSpans) -> Tensor {
            packedAttention(query: query, key: key, value: value, spans: spans, scale: 0.5)
        }
        let expected = attention(whole.spans(of: .last([2, 1])))
        #expect(attention(batch.spans(of: .all)).isEqual(to: expected))
    }
}

/// Adds x times a trained matrix to a layer's output.
private final class TrainedProduct: LinearAdapter {
    let gradient: Tensor  // [in, out]
    private let matrix: Tensor  // [in, out]

    init(_ matrix: Tensor) {
        self.matrix = matrix
        gradient = .zeros(matrix.shape)
        matrix.collectGradient(in: gradient)
    }

    func delta(_ input: Tensor) -> Tensor { input.matmul(matrix) }
}

@Suite("Some rows of a batch are those of all")
struct OutputRowsTests {
    @Test("Values and gradients", arguments: ["llama2", "llama-bias"], [true, false])
    func rows(_ name: String, sharesPrefix: Bool) throws {
        let golden = GoldenModel(name: name)
        let model = try golden.load()
        let generator = Generator(seed: 3)
        let adapters = model.linears.sorted { $0.key < $1.key }.map { path, linear in
            let (input, output) = linear.shape
            let adapter = TrainedProduct(generator.normal([input, output]) * 0.05)
            linear.adapter = adapter
            return (path: path, adapter: adapter)
        }
        let batch = PackedTokens(try golden.sequences(), sharesPrefix: sharesPrefix)
        let rows = OutputRows.last([3, 1, 2])
        let indices = Tensor(try #require(batch.indices(of: rows)))
        let weights = generator.normal([6, 32])

        /// The hidden states, and the gradients of their weighted sum.
        func pass(_ hidden: () -> Tensor) -> (hidden: Tensor, gradients: [Tensor]) {
            for (_, adapter) in adapters { adapter.gradient.zeroInPlace() }
            let states = hidden()
            (states * weights).sum().backward()
            return (states, adapters.map { $0.adapter.gradient.clone() })
        }
        let all = pass { model.hiddenStates(batch, at: .all).selecting(indices, along: 0) }
        for recomputes in [false, true] {
            model.recomputesBlocks = recomputes
            let some = pass { model.hiddenStates(batch, at: rows) }
            #expect(some.hidden.relativeDifference(to: all.hidden) < 1e-5)
            for (index, (path, _)) in adapters.enumerated() {
                let difference = some.gradients[index].relativeDifference(to: all.gradients[index])
                #expect(difference < 1e-5, "\(path)")
            }
        }
    }
}
