import Torch

/// The rows of each sequence of a packed batch side by side, padded to the longest.
struct RowPadding {
    /// Number of rows of all sequences.
    let total: Int
    private let count: Int
    private let longest: Int
    // The packed row of each place, the first at padding, and 0 there: both none without padding.
    private let places: Tensor?  // [count * longest]
    private let isRow: Tensor?  // [count, longest, 1]

    /// Sequences of the given numbers of rows, end to end.
    init(_ lengths: [Int], device: Device) {
        count = lengths.count
        longest = lengths.max() ?? 0
        total = lengths.reduce(0, +)
        guard total < count * longest else {
            (places, isRow) = (nil, nil)
            return
        }
        var (places, isRow): ([Int], [Float]) = ([], [])
        var start = 0
        for length in lengths {
            places += (0..<longest).map { $0 < length ? start + $0 : 0 }
            isRow += (0..<longest).map { $0 < length ? 1 : 0 }
            start += length
        }
        self.places = Tensor(places, device: device)
        self.isRow = Tensor(isRow, shape: [count, longest, 1], device: device)
    }

    /// Rows [total, width] as [count, longest, width], where padding holds other rows.
    func padded(_ rows: Tensor) -> Tensor {
        (places.map { rows.selecting($0, along: 0) } ?? rows).reshaped([count, longest, -1])
    }

    /// Rows [total, width] as [count, longest, width], where padding holds zeros.
    func paddedWithZeros(_ rows: Tensor) -> Tensor {
        isRow.map { padded(rows) * $0 } ?? padded(rows)
    }
}
