import Testing

@testable import TextTasks

@Suite("Batches")
struct BatchTests {
    private func example(_ tokens: [Int], label: Int? = 0) -> EncodedExample {
        EncodedExample(id: "\(tokens)", tokens: tokens, answerTokens: [90, 91], label: label)
    }

    @Test(
        "A packed batch gives back every sequence, with the longest shared prefix once",
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
        let batch = PackedBatch(sequences.map { example($0) })
        #expect(batch.prefixLength == prefixLength)
        #expect(batch.tokens.count == prefixLength + batch.lengths.reduce(0, +))
        #expect(batch.positions.count == batch.tokens.count)
        #expect(batch.positions.prefix(prefixLength) == (0..<prefixLength).map { Int32($0) }[...])
        var start = prefixLength
        for (index, sequence) in sequences.enumerated() {
            let own = start..<start + batch.lengths[index]
            #expect(!own.isEmpty)
            let rebuilt = batch.tokens.prefix(prefixLength) + batch.tokens[own]
            #expect(rebuilt.map { Int($0) } == sequence)
            #expect(batch.positions[own].map { Int($0) } == Array(prefixLength..<sequence.count))
            #expect(Int(batch.lastIndices[index]) == own.upperBound - 1)
            start = own.upperBound
        }
        #expect(batch.ids == sequences.map { "\($0)" })
        #expect(batch.answerTokens == sequences.map { _ in [90, 91] })
    }

    @Test("Without sharing, every sequence has all its tokens to itself")
    func separate() {
        let batch = PackedBatch([example([1, 2, 3]), example([1, 2])], sharesPrefix: false)
        #expect(batch.prefixLength == 0)
        #expect(batch.tokens == [1, 2, 3, 1, 2])
        #expect(batch.positions == [0, 1, 2, 0, 1])
        #expect(batch.lengths == [3, 2])
        #expect(batch.lastIndices == [2, 4])
    }

    @Test("A batch keeps labels, known or not")
    func labels() {
        let batch = PackedBatch([example([1], label: 1), example([2], label: nil)])
        #expect(batch.labels == [1, nil])
    }

    @Test(
        "Batches are full, and cut from epochs that hold every example once",
        arguments: [(10, 4), (10, 10), (7, 20), (1, 3), (5, 1)]
    )
    func order(_ count: Int, _ batchSize: Int) {
        let order = BatchOrder(exampleCount: count, seed: 11)
        let batches = (0..<30).map { order.batch(at: $0, batchSize: batchSize) }
        #expect(batches.allSatisfy { $0.count == batchSize })
        let drawn = Array(batches.joined())
        for epoch in 0..<(drawn.count / count) {
            let part = Array(drawn[epoch * count..<(epoch + 1) * count])
            #expect(part.sorted() == Array(0..<count))
            #expect(part == order.permutation(epoch: epoch))
        }
        #expect(order.batch(at: 17, batchSize: batchSize) == batches[17])
    }

    @Test("Epochs and seeds have orders of their own")
    func differentOrders() {
        let order = BatchOrder(exampleCount: 50, seed: 1)
        #expect(order.permutation(epoch: 0) != order.permutation(epoch: 1))
        #expect(
            order.permutation(epoch: 0)
                != BatchOrder(exampleCount: 50, seed: 2).permutation(epoch: 0)
        )
    }

    @Test("Evaluation batches hold every example once, in bounds, longest first")
    func evaluation() {
        let lengths = [5, 30, 7, 7, 12, 3, 9, 4]
        let evaluation = EvaluationBatches(lengths: lengths, maximumTokens: 20)
        #expect(evaluation.batches == [[1], [4], [6, 2], [3, 0, 7, 5]])
        #expect(evaluation.batches.joined().sorted() == Array(lengths.indices))
        for batch in evaluation.batches where batch.count > 1 {
            #expect(batch.reduce(0) { $0 + lengths[$1] } <= 20)
        }
        #expect(evaluation.map { $0.map { lengths[$0] } } == lengths)
        #expect(EvaluationBatches(lengths: [], maximumTokens: 8).batches.isEmpty)
    }
}
