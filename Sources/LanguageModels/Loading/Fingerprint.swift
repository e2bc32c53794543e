import Randomness

/// How many bytes of each tensor enter a fingerprint.
let fingerprintSampleLength = 4096

extension WeightSource {
    /// A short name for these weights: equal for equal checkpoints, almost surely different else.
    ///
    /// FNV-1a (64 bit) over every tensor's name, shape and first bytes, in the order of the names;
    /// reading all of a 7B model instead would take longer than loading it. Divisors of the rotary
    /// frequencies are a setting that only GGUF stores as a tensor.
    func fingerprint() throws -> String {
        var hash = StableHash()
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key })
        where name != RotaryEmbedding.divisors {
            hash.add("\(name)\(tensor.shape)".utf8)
            hash.add(try sample(name))
        }
        return hash.text
    }
}
