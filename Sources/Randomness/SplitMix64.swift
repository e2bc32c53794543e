/// SplitMix64: a small deterministic generator with 64 bits of state, the same on every platform.
///
/// Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", with the constants
/// of Vigna's `splitmix64.c`. Draw i is `mix(seed + (i + 1) · γ)`. Not for secrets.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    /// The golden-ratio increment γ.
    static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    private var state: UInt64

    /// A generator that starts from `seed`; every seed is a good one.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= Self.increment
        return Self.mix(state)
    }

    /// A uniform integer in `0..<bound`; the same on every platform and standard library.
    ///
    /// Lemire 2019, "Fast random integer generation in an interval": the high half of a 64 x 64-bit
    /// product, where the few draws that would make the result uneven are drawn again.
    /// `bound` must be positive.
    public mutating func next(below bound: Int) -> Int {
        precondition(bound > 0, "a random integer needs a positive bound, not \(bound)")
        let width = UInt64(bound)
        var product = width.multipliedFullWidth(by: next())
        if product.low < width {
            let threshold = (0 &- width) % width
            while product.low < threshold {
                product = width.multipliedFullWidth(by: next())
            }
        }
        return Int(product.high)
    }

    /// A uniformly random order of `0..<count` (Fisher-Yates, from the last place to the first).
    public mutating func permutation(of count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, next(below: last + 1))
        }
        return order
    }

    /// The generator's output function: a bijection that spreads every input bit over the output.
    static func mix(_ value: UInt64) -> UInt64 {
        var bits = value
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
