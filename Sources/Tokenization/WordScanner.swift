/// The word patterns of the well-known byte-level tokenizers, written out by hand.
///
/// Each is a sequence of alternatives that covers every text, so only the ends of words matter.
struct WordScanner: Sendable, Equatable {
    /// Whether a word may start with any one character that is no letter, number or line end
    /// (Llama 3), or with a space only (GPT-2).
    let style: Style
    /// How many numbers make a word at most.
    let longestNumber: Int

    enum Style: Sendable {
        case gpt2
        case llama3
    }

    static let gpt2 = WordScanner(style: .gpt2, longestNumber: .max)
    static let llama3 = WordScanner(style: .llama3, longestNumber: 3)
    static let qwen2 = WordScanner(style: .llama3, longestNumber: 1)

    static let gpt2Pattern =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    static let llama3Pattern =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"#
        + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    static let qwen2Pattern =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#
        + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// The scanner for a pattern; nil for patterns that are not among the known ones.
    init?(pattern: String) {
        switch pattern {
        case Self.gpt2Pattern: self = .gpt2
        case Self.llama3Pattern: self = .llama3
        case Self.qwen2Pattern: self = .qwen2
        default: return nil
        }
    }

    private init(style: Style, longestNumber: Int) {
        self.style = style
        self.longestNumber = longestNumber
    }

    /// Appends the bounds of each word in `text[range]`.
    func cut(_ text: [UInt8], _ range: Range<Int>, _ words: inout [Range<Int>]) {
        var cursor = Cursor(text: text, index: range.lowerBound, end: range.upperBound)
        while cursor.index < cursor.end {
            let start = cursor.index
            word(&cursor)
            words.append(start..<cursor.index)
        }
    }

    /// Moves past one word.
    private func word(_ cursor: inout Cursor) {
        if contraction(&cursor) { return }
        let start = cursor.index
        let first = cursor.next()
        let firstClass = UnicodeClasses.of(first)
        switch firstClass {
        case .letter: return cursor.skip(.letter)
        case .number: return cursor.skip(.number, atMost: longestNumber - 1)
        case .space, .other: break
        }
        // One character before a word: any but a line end, or a space only.
        let second = cursor.peekClass()
        if second == .letter, style == .llama3 ? !Cursor.isLineEnd(first) : first == 0x20 {
            return cursor.skip(.letter)
        }
        if first == 0x20, second == .number, style == .gpt2 { return cursor.skip(.number) }
        if firstClass == .other || first == 0x20 && second == .other {
            cursor.skip(.other)
            if style == .llama3 { cursor.skipLineEnds() }
            return
        }
        cursor.index = start
        space(&cursor)
    }

    /// A run of spaces: up to its last line end (Llama 3), else all but the last one when a word
    /// follows, which may take that space in, else all.
    private func space(_ cursor: inout Cursor) {
        var lastStart = cursor.index
        var lineEnd: Int?
        let start = cursor.index
        while cursor.peekClass() == .space {
            lastStart = cursor.index
            if Cursor.isLineEnd(cursor.next()) { lineEnd = cursor.index }
        }
        if style == .llama3, let lineEnd {
            cursor.index = lineEnd
        } else if cursor.index < cursor.end, lastStart > start {
            cursor.index = lastStart
        }
    }

    /// An English contraction: 's 't 're 've 'm 'll 'd, in any case for Llama 3.
    private func contraction(_ cursor: inout Cursor) -> Bool {
        guard cursor.text[cursor.index] == UInt8(ascii: "'") else { return false }
        var ahead = cursor
        _ = ahead.next()
        guard let first = letter(&ahead) else { return false }
        switch first {
        case "s", "t", "m", "d": break
        case "r", "v", "l":
            guard let second = letter(&ahead), second == (first == "l" ? "l" : "e") else {
                return false
            }
        default: return false
        }
        cursor = ahead
        return true
    }

    private func letter(_ cursor: inout Cursor) -> Unicode.Scalar? {
        guard cursor.index < cursor.end else { return nil }
        let code = cursor.next()
        guard style == .llama3 else { return Unicode.Scalar(code) }
        // U+017F, the long s, folds to s.
        if code == 0x17f { return "s" }
        return Unicode.Scalar((0x41...0x5a).contains(code) ? code + 0x20 : code)
    }
}

/// A place in a piece of text.
private struct Cursor {
    let text: [UInt8]
    var index: Int
    let end: Int

    @inline(__always)
    mutating func next() -> UInt32 { UTF8Reader.next(text, &index) }

    /// The class of the next character; nil at the end.
    @inline(__always)
    func peekClass() -> UnicodeClasses.Class? {
        guard index < end else { return nil }
        var ahead = index
        return UnicodeClasses.of(UTF8Reader.next(text, &ahead))
    }

    @inline(__always)
    mutating func skip(_ wanted: UnicodeClasses.Class, atMost limit: Int = .max) {
        var count = 0
        while count < limit, index < end {
            var ahead = index
            guard UnicodeClasses.of(UTF8Reader.next(text, &ahead)) == wanted else { return }
            index = ahead
            count += 1
        }
    }

    mutating func skipLineEnds() {
        while index < end, Self.isLineEnd(UInt32(text[index])) { index += 1 }
    }

    static func isLineEnd(_ code: UInt32) -> Bool { code == 0x0a || code == 0x0d }
}
