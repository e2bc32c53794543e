/// How many bytes of each tensor enter a fingerprint.
let fingerprintSampleLength = 4096

extension WeightSource {
    /// A short name for these weights: equal for equal checkpoints, almost surely different else.
    ///
    /// FNV-1a (64 bit) over every tensor's name, shape and first bytes, in the order of the names;
    /// reading all of a 7B model instead would take longer than loading it.
    func fingerprint() throws -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        }
        for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
            add("\(name)\(shape)".utf8)
            add(try sample(name))
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
