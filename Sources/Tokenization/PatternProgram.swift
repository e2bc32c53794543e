/// A regular expression as instructions for a matcher that goes back where a way fails.
struct PatternProgram: Sendable {
    enum Instruction: Sendable {
        case one(Int)
        /// So many characters of a set, whose number is the first.
        case run(Int, Range<Int>, PatternNode.Greed)
        /// Two ways on; the first is tried first.
        case split(Int, Int)
        case jump(Int)
        case assertion(PatternNode.Assertion)
        case back(Int)
        /// What follows up to `accept` must match, or must not; the way on is at `then`.
        case look(isNegative: Bool, then: Int)
        /// What follows up to `accept` matches in one way only.
        case atomic(then: Int)
        case accept
    }

    /// A set of characters with a bit for each below U+0080.
    struct Characters: Sendable {
        private let low: UInt64
        private let high: UInt64
        private let set: PatternClass

        init(_ set: PatternClass) {
            self.set = set
            func bits(_ codes: Range<UInt32>) -> UInt64 {
                codes.reversed().reduce(0) { $0 << 1 | (set.contains($1) ? 1 : 0) }
            }
            low = bits(0..<64)
            high = bits(64..<128)
        }

        @inline(__always)
        func contains(_ code: UInt32) -> Bool {
            if code < 64 { return low >> UInt64(code) & 1 != 0 }
            if code < 128 { return high >> UInt64(code - 64) & 1 != 0 }
            return set.contains(code)
        }
    }

    /// More than any pattern for words needs; `((a{99}){99}){99}` would take any memory.
    private static let longest = 10_000

    private(set) var code: [Instruction] = []
    let sets: [Characters]
    /// Whether it can match nothing.
    let canBeEmpty: Bool
    private var emitted = 0

    init(_ pattern: String) throws {
        let root: PatternNode
        (root, sets) = try PatternParser.parse(pattern)
        canBeEmpty = root.canBeEmpty
        try emit(root)
        code.append(.accept)
    }

    private mutating func emit(_ node: PatternNode) throws {
        emitted += 1
        guard emitted <= Self.longest else {
            throw PatternFault.unsupported("a pattern of more than \(Self.longest) steps")
        }
        switch node {
        case .one(let set): code.append(.one(set))
        case .sequence(let nodes): for node in nodes { try emit(node) }
        case .choice(let nodes):
            var jumps: [Int] = []
            for node in nodes.dropLast() {
                let split = reserve()
                try emit(node)
                jumps.append(reserve())
                code[split] = .split(split + 1, code.count)
            }
            if let last = nodes.last { try emit(last) }
            for jump in jumps { code[jump] = .jump(code.count) }
        case .repeated(.one(let set), let counts, let greed):
            code.append(.run(set, counts, greed))
        case .repeated(let node, let counts, .possessive):
            try emit(.atomic(.repeated(node, counts, .greedy)))
        case .repeated(let node, let counts, let greed):
            try emit(node, counts, isLazy: greed == .lazy)
        case .assertion(let assertion): code.append(.assertion(assertion))
        case .back(let count): code.append(.back(count))
        case .look(let node, let isNegative):
            let start = reserve()
            try emit(node)
            code.append(.accept)
            code[start] = .look(isNegative: isNegative, then: code.count)
        case .atomic(let node):
            let start = reserve()
            try emit(node)
            code.append(.accept)
            code[start] = .atomic(then: code.count)
        }
    }

    /// Repeats more than one character: as many copies as must be, then a loop or optional copies.
    private mutating func emit(_ node: PatternNode, _ counts: Range<Int>, isLazy: Bool) throws {
        for _ in 0..<counts.lowerBound { try emit(node) }
        let isLoop = counts.upperBound == .max
        let optional = isLoop ? 1 : counts.count - 1
        var splits: [Int] = []
        for _ in 0..<optional {
            splits.append(reserve())
            try emit(node)
        }
        if isLoop { code.append(.jump(splits[0])) }
        for split in splits {
            code[split] =
                isLazy ? .split(code.count, split + 1) : .split(split + 1, code.count)
        }
    }

    private mutating func reserve() -> Int {
        code.append(.accept)
        return code.count - 1
    }
}
