/// Byte-pair encoding over UTF-8 pieces of text.
///
/// Sennrich, Haddow and Birch 2016, arXiv 1508.07909. A piece starts as one token a character; then
/// the adjacent pair whose merge ranks lowest is joined, the leftmost first, until no pair joins.
struct BytePairEncoding: Sendable {
    let vocabulary: Vocabulary
    let merges: MergeTable
    let options: Options
    private let unknown: Int32?
    /// Ids of the one-character tokens below U+0800, so of the whole byte alphabet; -1 if none.
    private let characters: [Int32]
    /// Ids of the tokens `<0x00>` to `<0xFF>`, -1 where missing; empty without byte fallback.
    private let byteTokens: [Int32]

    struct Options: Sendable {
        /// The token for characters outside the vocabulary; without it they vanish.
        var unknownToken: String?
        /// Whether neighbouring unknown characters make one unknown token.
        var fusesUnknown = false
        /// Whether characters outside the vocabulary are spelled as `<0xXX>` tokens.
        var fallsBackToBytes = false
        /// Whether a piece that is a token is taken as it is.
        var ignoresMerges = false
    }

    init(vocabulary: Vocabulary, merges: MergeTable, options: Options) {
        self.vocabulary = vocabulary
        self.merges = merges
        self.options = options
        unknown = options.unknownToken
            .flatMap { vocabulary.id(of: Array($0.utf8)) }.map { Int32($0) }
        characters = (0..<0x800 as Range<UInt32>).map { code in
            let bytes = Unicode.Scalar(code).map { Array(String($0).utf8) } ?? []
            return vocabulary.id(of: bytes, 0..<bytes.count)
        }
        byteTokens =
            options.fallsBackToBytes
            ? (0...255 as ClosedRange<UInt8>).map { byte in
                let bytes = Array(ByteFallback.token(for: byte).utf8)
                return vocabulary.id(of: bytes, 0..<bytes.count)
            } : []
    }

    /// Appends the ids of the piece `text[range]`.
    func encode(_ text: [UInt8], _ range: Range<Int>, using work: inout Work, to ids: inout [Int]) {
        if options.ignoresMerges {
            let id = vocabulary.id(of: text, range)
            if id >= 0 {
                ids.append(Int(id))
                return
            }
        }
        work.symbols.removeAll(keepingCapacity: true)
        appendCharacters(of: text, range, to: &work.symbols)
        merge(&work)
        for symbol in work.symbols where symbol >= 0 { ids.append(Int(symbol)) }
    }

    private func appendCharacters(of text: [UInt8], _ range: Range<Int>, to symbols: inout [Int32])
    {
        // An unknown token is held back until the next known character, past any byte tokens, as
        // the Hugging Face library does.
        var pending: Int32?
        var index = range.lowerBound
        while index < range.upperBound {
            let start = index
            let scalar = UTF8Reader.next(text, &index)
            let id =
                scalar < 0x800
                ? characters[Int(scalar)] : vocabulary.id(of: text, start..<index)
            if id >= 0 {
                if let token = pending { symbols.append(token) }
                pending = nil
                symbols.append(id)
            } else if options.fallsBackToBytes,
                text[start..<index].allSatisfy({ byteTokens[Int($0)] >= 0 })
            {
                for byte in text[start..<index] { symbols.append(byteTokens[Int(byte)]) }
            } else if let unknown {
                if let token = pending, !options.fusesUnknown { symbols.append(token) }
                pending = unknown
            }
        }
        if let token = pending { symbols.append(token) }
    }

    /// Buffers of `encode`, kept from piece to piece.
    struct Work {
        /// Token of each position; -1 where a merge has taken the position in.
        fileprivate var symbols: [Int32] = []
        fileprivate var previous: [Int32] = []
        fileprivate var next: [Int32] = []
        fileprivate var queue = MinimumQueue()
    }

    private func merge(_ work: inout Work) {
        let count = work.symbols.count
        guard count > 1 else { return }
        work.previous.removeAll(keepingCapacity: true)
        work.next.removeAll(keepingCapacity: true)
        for index in 0..<Int32(count) {
            work.previous.append(index - 1)
            work.next.append(index + 1)
        }
        for index in 0..<count - 1 { enqueue(index, index + 1, &work) }

        while let entry = work.queue.popMinimum() {
            let position = Int(entry & 0xffff_ffff)
            let result = merges.results[Int(entry >> 32)]
            let right = Int(work.next[position])
            guard work.symbols[position] >= 0, right < count else { continue }
            // The pair may have changed since it was queued.
            let rank = merges.rank(work.symbols[position], work.symbols[right])
            guard rank >= 0, merges.results[Int(rank)] == result else { continue }

            work.symbols[position] = result
            work.symbols[right] = -1
            let next = Int(work.next[right])
            work.next[position] = Int32(next)
            if next < count {
                work.previous[next] = Int32(position)
                enqueue(position, next, &work)
            }
            let previous = Int(work.previous[position])
            if previous >= 0 { enqueue(previous, position, &work) }
        }
    }

    private func enqueue(_ left: Int, _ right: Int, _ work: inout Work) {
        let rank = merges.rank(work.symbols[left], work.symbols[right])
        guard rank >= 0 else { return }
        // Ordered by rank, then by position.
        work.queue.push(UInt64(rank) << 32 | UInt64(left))
    }
}

/// A binary heap that gives the smallest number first.
private struct MinimumQueue {
    private var heap: [UInt64] = []

    mutating func push(_ value: UInt64) {
        var child = heap.count
        heap.append(value)
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[parent] > value else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = value
    }

    mutating func popMinimum() -> UInt64? {
        guard let value = heap.popLast() else { return nil }
        guard let minimum = heap.first else { return value }
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < value else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = value
        return minimum
    }
}
