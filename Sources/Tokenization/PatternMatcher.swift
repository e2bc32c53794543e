/// Matches a pattern with a stretch of text as if nothing stood around it.
struct PatternMatcher {
    /// Ends a match that would take too long.
    struct Exhausted: Error {}

    /// A way not yet tried.
    private struct Way {
        let instruction: Int
        var position: Int
        /// What a run may still give back, as a position, or take, as a number of characters.
        var rest: Rest

        enum Rest {
            case none
            case gives(Int)
            case takes(Int)
        }
    }

    /// Ways kept at a time, at most: about 130 MB.
    private static let mostWays = 1 << 22

    private let program: PatternProgram
    private let text: [UInt8]
    private let range: Range<Int>
    private var ways: [Way] = []
    /// Instructions and characters that may still be taken.
    private(set) var steps: Int

    init(_ program: PatternProgram, _ text: [UInt8], _ range: Range<Int>, steps: Int) {
        self.program = program
        self.text = text
        self.range = range
        self.steps = steps
    }

    /// The matches in order, none overlapping; one of nothing never lies behind another's end.
    mutating func matches() throws -> [Range<Int>] {
        var matches: [Range<Int>] = []
        var start = range.lowerBound
        while start <= range.upperBound {
            guard let end = try end(0, start) else {
                advance(&start)
                continue
            }
            if end > start {
                matches.append(start..<end)
                start = end
            } else {
                if matches.last?.upperBound != start { matches.append(start..<start) }
                advance(&start)
            }
        }
        return matches
    }

    /// Moves on by a character, past the end of the text too.
    private func advance(_ position: inout Int) {
        if position < range.upperBound {
            _ = UTF8Reader.next(text, &position)
        } else {
            position += 1
        }
    }

    private mutating func spend() throws {
        steps -= 1
        guard steps >= 0, ways.count < Self.mostWays else { throw Exhausted() }
    }

    /// Where the match ends that starts with an instruction at a position.
    private mutating func end(_ start: Int, _ position: Int) throws -> Int? {
        let base = ways.count
        var next = start
        var position = position
        while true {
            try spend()
            if try step(&next, &position) {
                if case .accept = program.code[next] {
                    ways.removeLast(ways.count - base)
                    return position
                }
            } else {
                guard try goBack(&next, &position, base) else { return nil }
            }
        }
    }

    /// Takes an instruction, but for `accept`; false where it fails.
    private mutating func step(_ next: inout Int, _ position: inout Int) throws -> Bool {
        switch program.code[next] {
        case .accept: return true
        case .one(let set):
            guard takes(set, &position) else { return false }
            next += 1
        case .run(let set, let counts, let greed):
            return try run(set, counts, greed, &next, &position)
        case .split(let first, let second):
            ways.append(Way(instruction: second, position: position, rest: .none))
            next = first
        case .jump(let target): next = target
        case .assertion(let assertion):
            guard holds(assertion, position) else { return false }
            next += 1
        case .back(let count):
            for _ in 0..<count {
                guard position > range.lowerBound else { return false }
                stepBack(&position)
            }
            next += 1
        case .look(let isNegative, let target):
            guard try (end(next + 1, position) == nil) == isNegative else { return false }
            next = target
        case .atomic(let target):
            guard let end = try end(next + 1, position) else { return false }
            (next, position) = (target, end)
        }
        return true
    }

    @inline(__always)
    private func takes(_ set: Int, _ position: inout Int) -> Bool {
        guard position < range.upperBound else { return false }
        var ahead = position
        guard program.sets[set].contains(UTF8Reader.next(text, &ahead)) else { return false }
        position = ahead
        return true
    }

    private func stepBack(_ position: inout Int) {
        repeat { position -= 1 } while text[position] & 0xc0 == 0x80
    }

    private mutating func run(
        _ set: Int,
        _ counts: Range<Int>,
        _ greed: PatternNode.Greed,
        _ next: inout Int,
        _ position: inout Int
    ) throws -> Bool {
        var least = position
        var count = 0
        let most = greed == .lazy ? counts.lowerBound : counts.upperBound - 1
        while count < most, takes(set, &position) {
            try spend()
            count += 1
            if count == counts.lowerBound { least = position }
        }
        guard count >= counts.lowerBound else { return false }
        if greed == .lazy, counts.count > 1 {
            let rest = Way.Rest.takes(counts.upperBound - 1 - count)
            ways.append(Way(instruction: next, position: position, rest: rest))
        } else if greed == .greedy, position > least {
            ways.append(Way(instruction: next + 1, position: position, rest: .gives(least)))
        }
        next += 1
        return true
    }

    /// Goes on with the last way that is left above `base`.
    private mutating func goBack(
        _ next: inout Int,
        _ position: inout Int,
        _ base: Int
    ) throws -> Bool {
        while ways.count > base, var way = ways.popLast() {
            next = way.instruction
            position = way.position
            switch way.rest {
            case .none: return true
            case .gives(let least):
                stepBack(&position)
                if position > least {
                    way.position = position
                    ways.append(way)
                }
                return true
            case .takes(let count):
                guard case .run(let set, _, _) = program.code[next], takes(set, &position) else {
                    continue
                }
                if count > 1 {
                    way.position = position
                    way.rest = .takes(count - 1)
                    ways.append(way)
                }
                next += 1
                return true
            }
        }
        return false
    }

    private func holds(_ assertion: PatternNode.Assertion, _ position: Int) -> Bool {
        let isStart = position == range.lowerBound
        let isEnd = position == range.upperBound
        switch assertion {
        case .textStart: return isStart
        case .textEnd: return isEnd
        case .textEndOrLastLineEnd:
            return isEnd || position + 1 == range.upperBound && text[position] == 0x0a
        // A line end that ends the text starts no line.
        case .lineStart: return isStart || !isEnd && text[position - 1] == 0x0a
        case .lineEnd: return isEnd || text[position] == 0x0a
        case .wordBoundary: return isWordBoundary(position)
        case .noWordBoundary: return !isWordBoundary(position)
        }
    }

    private func isWordBoundary(_ position: Int) -> Bool {
        var index = position
        let after = position < range.upperBound && Self.isWord(UTF8Reader.next(text, &index))
        let before =
            position > range.lowerBound && Self.isWord(UTF8Reader.last(text, before: position))
        return after != before
    }

    private static let word = PatternProgram.Characters(.word)

    private static func isWord(_ code: UInt32) -> Bool { word.contains(code) }
}
