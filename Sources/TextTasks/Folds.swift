import Randomness

/// Examples in folds, each made when it is asked for: those to train on, and those held out.
public struct Folds: RandomAccessCollection, Sendable {
    fileprivate let part: LoadedExamples
    fileprivate let rows: [Range<Int>]
    /// The rows in the order in which they are dealt to the folds.
    fileprivate let dealt: [Int]
    /// Number of folds.
    public let count: Int

    /// The first fold.
    public var startIndex: Int { 0 }
    /// Behind the last fold.
    public var endIndex: Int { count }

    /// The examples to train on without a fold, and those of it, both in order.
    public subscript(fold: Int) -> (train: LoadedExamples, heldOut: LoadedExamples) {
        let held = Set(stride(from: fold, to: dealt.count, by: count).map { dealt[$0] })
        return (
            train: part.share(rows.indices.filter { !held.contains($0) }.map { rows[$0] }),
            heldOut: part.share(held.sorted().map { rows[$0] })
        )
    }
}

extension LoadedExamples {
    /// The examples in as many folds: those of each, and the ones to train on without it.
    ///
    /// Rows are sorted by label, in an order drawn by `seed` within it, and dealt to the folds in
    /// turns, so that these differ by one row at most, of each label, too. Examples of one state
    /// are one row, whose labels do not count.
    ///
    /// - Throws: ``TextTaskError/tooFewRows(file:count:folds:)`` where a fold would have none, or
    ///   there is but one.
    public func folds(_ count: Int, seed: UInt64) throws -> Folds {
        let rows = examples.units
        guard count > 1, count <= rows.count else {
            throw TextTaskError.tooFewRows(file: file, count: rows.count, folds: count)
        }
        var generator = RandomStream.folds.generator(seed: seed)
        let drawn = generator.permutation(of: rows.count).enumerated().map { place, row in
            let label = rows[row].count == 1 ? examples[rows[row].lowerBound].label : nil
            return (label: label ?? -1, place: place, row: row)
        }
        let dealt = drawn.sorted { ($0.label, $0.place) < ($1.label, $1.place) }.map(\.row)
        return Folds(part: self, rows: rows, dealt: dealt, count: count)
    }

    /// Some rows of the examples, in order.
    func share(_ rows: [Range<Int>]) -> LoadedExamples {
        var result = self
        result.examples = rows.flatMap { examples[$0] }
        result.isShare = true
        return result
    }
}
