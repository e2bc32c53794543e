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
    /// Which labelled rows a small budget has.
    case labels
    /// Which labelled rows are held out together.
    case folds
    /// The resamples behind confidence intervals.
    case bootstrap
    /// Dropout masks.
    case dropout
    /// Draws from the posterior in training.
    case posterior
    /// Draws from a prior, to find its scale.
    case prior
    /// Draws from the posterior for predictions.
    case prediction
    /// Which rows without a label are to get one, where chance chooses.
    case acquisition
    /// First values of trainable parameters.
    case initialisation

    /// The seed of this stream in the run with `seed`, for the given indices.
    public func seed(from seed: UInt64, _ indices: Int...) -> UInt64 {
        derived(from: seed, indices)
    }

    /// The seed of this stream for one of several ranks; rank 0 has that of a process by itself.
    public func seed(from seed: UInt64, _ indices: Int..., rank: Int) -> UInt64 {
        derived(from: seed, rank == 0 ? indices : indices + [rank])
    }

    /// A generator at the start of this stream in the run with `seed`, for the given indices.
    public func generator(seed: UInt64, _ indices: Int...) -> SplitMix64 {
        SplitMix64(seed: derived(from: seed, indices))
    }

    private func derived(from seed: UInt64, _ indices: [Int]) -> UInt64 {
        var nameHash = StableHash()
        nameHash.add(rawValue.utf8)
        var hash = SplitMix64.mix(seed &+ SplitMix64.increment)
        for part in [nameHash.value] + indices.map({ UInt64(bitPattern: Int64($0)) }) {
            hash = SplitMix64.mix((hash ^ part) &+ SplitMix64.increment)
        }
        return hash
    }
}
