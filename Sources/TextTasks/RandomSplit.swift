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

    /// Size of a validation part split off `count` train examples: a tenth, within 1...1000.
    static func validationSize(of count: Int) -> Int {
        min(max(count / 10, 1), 1000)
    }

    /// Size of the validation and of the test part of a single file: a tenth each, at least 1.
    static func singleFilePartSize(of count: Int) -> Int {
        max(count / 10, 1)
    }
}
