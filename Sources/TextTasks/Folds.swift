import Randomness

extension LoadedExamples {
    /// The examples in as many folds: those of each, and the ones to train on without it.
    ///
    /// Rows are sorted by label, in an order drawn by `seed` within it, and dealt to the folds in
    /// turns, so that these differ by one row at most, of each label, too. Examples of one state
    /// are one row, whose labels do not count.
    ///
    /// - Throws: ``TextTaskError/tooFewRows(file:count:folds:)`` where a fold would have none, or
    ///   there is but one.
    public func folds(
        _ count: Int,
        seed: UInt64
    ) throws -> [(train: LoadedExamples, heldOut: LoadedExamples)] {
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
        return (0..<count).map { fold in
            let held = Set(stride(from: fold, to: dealt.count, by: count).map { dealt[$0] })
            return (
                train: share(rows.indices.filter { !held.contains($0) }.map { rows[$0] }),
                heldOut: share(held.sorted().map { rows[$0] })
            )
        }
    }

    /// Some rows of the examples, in order.
    func share(_ rows: [Range<Int>]) -> LoadedExamples {
        var result = self
        result.examples = rows.flatMap { examples[$0] }
        result.isShare = true
        return result
    }
}
