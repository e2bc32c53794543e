/// The named streams of random numbers of a run, all derived from its one seed.
///
/// A stream's own seed is a hash of the run's seed, the stream's name and any indices (an epoch, a
/// step, a rank), so a draw depends on nothing that was drawn before it and a resumed run repeats:
///
///     h = mix(seed + γ)
///     h = mix((h xor FNV-1a-64(name)) + γ)
///     h = mix((h xor index) + γ)          for each index, in order
///
/// with mix and γ of ``SplitMix64``, arithmetic modulo 2^64, and the name in UTF-8.
public enum RandomStream: String, CaseIterable, Sendable {
    /// The order of the training examples.
    case order
    /// Which examples go to which part of the data.
    case split
    /// The resamples behind confidence intervals.
    case bootstrap
    /// Dropout masks.
    case dropout
    /// Draws from the posterior.
    case posterior
    /// First values of trainable parameters.
    case initialisation

    /// The seed of this stream in the run with `seed`, for the given indices.
    public func seed(from seed: UInt64, _ indices: Int...) -> UInt64 {
        derived(from: seed, indices)
    }

    /// A generator at the start of this stream in the run with `seed`, for the given indices.
    public func generator(seed: UInt64, _ indices: Int...) -> SplitMix64 {
        SplitMix64(seed: derived(from: seed, indices))
    }

    private func derived(from seed: UInt64, _ indices: [Int]) -> UInt64 {
        var hash = SplitMix64.mix(seed &+ SplitMix64.increment)
        for part in [fnv1a(rawValue)] + indices.map({ UInt64(bitPattern: Int64($0)) }) {
            hash = SplitMix64.mix((hash ^ part) &+ SplitMix64.increment)
        }
        return hash
    }
}

/// The 64-bit FNV-1a hash of the text's UTF-8 bytes (Fowler, Noll and Vo).
private func fnv1a(_ text: String) -> UInt64 {
    text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
}
