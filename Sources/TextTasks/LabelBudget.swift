import Randomness

/// All the labels that a fine-tuning has: a few rows of the training part, and what of them is held
/// out in place of a validation part.
///
/// Where labels are what costs, those that settings were chosen by count as well as those that were
/// trained on.
public struct LabelBudget: Equatable, Sendable {
    /// Rows drawn from the training part; all of them when nil.
    public var labels: Int?
    /// Share of these rows that is held out, from 0 up to but not 1.
    public var heldOut: Double
    /// The seed of the draw.
    public var seed: UInt64

    /// A budget from its parts.
    public init(labels: Int?, heldOut: Double, seed: UInt64) {
        (self.labels, self.heldOut, self.seed) = (labels, heldOut, seed)
    }

    /// The rows to train on and those that are held out; the second has no examples where the share
    /// is 0, and at least one row where it is not.
    ///
    /// Rows are drawn in turns: in each turn one of every label that is left, by chance. So labels
    /// are as even as the rows allow, in what is held out too, and a smaller budget of the same
    /// seed is part of a larger one. Examples of one state are one row, whose labels do not count.
    ///
    /// - Throws: ``TextTaskError`` where there are fewer rows than labels, or none would be left.
    public func draw(
        from part: LoadedExamples
    ) throws -> (train: LoadedExamples, heldOut: LoadedExamples) {
        let rows = part.examples.units
        let count = labels ?? rows.count
        let held = heldOut > 0 ? max(1, Int((Double(count) * heldOut).rounded())) : 0
        guard count <= rows.count, held < count else {
            throw TextTaskError.tooFewLabels(
                file: part.file,
                count: rows.count,
                needed: held < count ? count : held + 1
            )
        }
        let order = order(of: rows.map { $0.count == 1 ? part.examples[$0.lowerBound].label : nil })
        func examples(_ numbers: ArraySlice<Int>) -> LoadedExamples {
            part.share(numbers.sorted().map { rows[$0] })
        }
        return (examples(order[..<(count - held)]), examples(order[(count - held)..<count]))
    }

    /// The rows in the order of drawing.
    private func order(of labels: [Int?]) -> [Int] {
        var generator = RandomStream.labels.generator(seed: seed)
        var turns: [Int?: Int] = [:]
        let drawn = generator.permutation(of: labels.count).enumerated().map { place, row in
            let turn = turns[labels[row], default: 0]
            // Rows without a label have no turns.
            turns[labels[row]] = labels[row] == nil ? 0 : turn + 1
            return (turn: turn, place: place, row: row)
        }
        return drawn.sorted { ($0.turn, $0.place) < ($1.turn, $1.place) }.map(\.row)
    }
}
