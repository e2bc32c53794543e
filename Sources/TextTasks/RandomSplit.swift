import Randomness

/// Divides examples at random, by seed, into parts of given sizes and a rest.
struct RandomSplit {
    /// Indices of each sized part, in the examples' order.
    let parts: [[Int]]
    /// Indices of what is left, in the examples' order.
    let rest: [Int]

    /// Splits as many examples as there are `groups`; examples of the same group stay together.
    ///
    /// Groups are walked in the order of the `split` stream; each goes to the first part that has
    /// room for all of it or is still empty, else to the rest. So a part may be smaller than asked
    /// by less than the largest group, and larger only if its first group is.
    init(groups: [String?], sizes: [Int], seed: UInt64) {
        var members: [[Int]] = []
        var places: [String: Int] = [:]
        for (index, group) in groups.enumerated() {
            if let group, let place = places[group] {
                members[place].append(index)
            } else {
                if let group { places[group] = members.count }
                members.append([index])
            }
        }
        var parts = [[Int]](repeating: [], count: sizes.count)
        var rest: [Int] = []
        var generator = RandomStream.split.generator(seed: seed)
        for place in generator.permutation(of: members.count) {
            let group = members[place]
            let part = sizes.indices.first {
                parts[$0].isEmpty || parts[$0].count + group.count <= sizes[$0]
            }
            if let part {
                parts[part] += group
            } else {
                rest += group
            }
        }
        self.parts = parts.map { $0.sorted() }
        self.rest = rest.sorted()
    }
}

/// A file that serves several parts, and how it is divided.
enum SharedFile {
    /// A train file without a validation file beside it.
    case train
    /// A single file for all parts.
    case single

    /// The examples of a part, by their places in the file.
    ///
    /// Throws ``TextTaskError`` where some part would be empty.
    func share(
        of part: Split,
        groups: [String?],
        seed: UInt64,
        file: String
    ) throws -> [Int] {
        let sizes: [Int]
        switch self {
        case .train: sizes = [Self.validationSize(of: groups.count)]
        case .single:
            let size = max(groups.count / 10, 1)
            sizes = [size, size]
        }
        let split = RandomSplit(groups: groups, sizes: sizes, seed: seed)
        if split.rest.isEmpty || split.parts.contains(where: \.isEmpty) {
            let needed = sizes.count + 1
            throw TextTaskError.tooFewExamples(file: file, count: groups.count, needed: needed)
        }
        switch part {
        case .train: return split.rest
        case .validation: return split.parts[0]
        case .test: return split.parts[sizes.count - 1]
        }
    }

    /// Size of a validation part split off `count` train examples: a tenth, within 1...1000.
    static func validationSize(of count: Int) -> Int {
        min(max(count / 10, 1), 1000)
    }
}
