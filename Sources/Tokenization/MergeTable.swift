/// The merges of a byte-pair encoding: which pair of tokens joins to which, and in what order.
struct MergeTable: Sendable {
    /// Left id in the upper half, right id in the lower; `empty` where the slot is free.
    private var pairs: [UInt64]
    private var ranks: [Int32]
    /// The token that the merge of each rank makes.
    private(set) var results: [Int32] = []

    private static let empty = UInt64.max
    private let shift: UInt64

    init(capacity: Int) {
        var bits: UInt64 = 4
        while 1 << bits < capacity * 2 { bits += 1 }
        pairs = Array(repeating: Self.empty, count: 1 << bits)
        ranks = Array(repeating: -1, count: 1 << bits)
        shift = 64 - bits
        results.reserveCapacity(capacity)
    }

    /// Adds the next merge, of at most `capacity`.
    ///
    /// A pair that comes twice keeps the later rank.
    mutating func append(_ left: Int32, _ right: Int32, result: Int32) {
        let pair = Self.pair(left, right)
        let slot = slot(of: pair)
        pairs[slot] = pair
        ranks[slot] = Int32(results.count)
        results.append(result)
    }

    /// The rank of a pair's merge, or -1 when the two do not join.
    func rank(_ left: Int32, _ right: Int32) -> Int32 { ranks[slot(of: Self.pair(left, right))] }

    private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    private func slot(of pair: UInt64) -> Int {
        // Fibonacci hashing: the upper bits of a product with 2^64 / golden ratio.
        var slot = Int((pair &* 0x9e37_79b9_7f4a_7c15) >> shift)
        while pairs[slot] != pair, pairs[slot] != Self.empty {
            slot = (slot + 1) & (pairs.count - 1)
        }
        return slot
    }
}
