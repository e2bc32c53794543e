import Testing

@testable import TextTasks

@Suite("Batches")
struct BatchTests {
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
