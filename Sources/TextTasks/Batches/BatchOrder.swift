import Randomness

/// Which training examples make up which batch, by seed alone.
///
/// Epoch e is all examples in an order of their own, from the `order` stream with index e. Epochs
/// lie end to end and batches are cut from them without gaps: every batch is full, and a batch may
/// reach over the end of an epoch. Any step's batch can be asked for, so nothing needs to be saved
/// to resume.
public struct BatchOrder: Equatable, Sendable {
    /// Number of examples; at least one.
    public let exampleCount: Int
    /// The run's seed.
    public let seed: UInt64

    /// An order of `exampleCount` examples, at least one.
    public init(exampleCount: Int, seed: UInt64) {
        precondition(
            exampleCount > 0,
            "an order of examples needs at least one, not \(exampleCount)"
        )
        self.exampleCount = exampleCount
        self.seed = seed
    }

    /// All examples in the order of an epoch, counted from 0.
    public func permutation(epoch: Int) -> [Int] {
        var generator = RandomStream.order.generator(seed: seed, epoch)
        return generator.permutation(of: exampleCount)
    }

    /// The examples of the batch at a step, counted from 0.
    ///
    /// `batchSize` must be positive, and step · batchSize must fit an `Int`.
    public func batch(at step: Int, batchSize: Int) -> [Int] {
        precondition(
            step >= 0 && batchSize > 0,
            "a batch needs step >= 0 and size > 0, not \(step) and \(batchSize)"
        )
        var batch: [Int] = []
        batch.reserveCapacity(batchSize)
        var (epoch, offset) = (step * batchSize).quotientAndRemainder(dividingBy: exampleCount)
        while batch.count < batchSize {
            batch += permutation(epoch: epoch).dropFirst(offset).prefix(batchSize - batch.count)
            epoch += 1
            offset = 0
        }
        return batch
    }
}
