/// A stretch of text cut into pieces, as the pre-tokenizers see it.
struct Pieces {
    /// The text, UTF-8.
    private(set) var text: [UInt8]
    /// Where the pieces lie, in order; none is empty.
    private(set) var ranges: [Range<Int>]
    /// Whether `text` starts the whole text.
    let startsText: Bool

    init(_ text: [UInt8], startsText: Bool) {
        self.text = text
        self.startsText = startsText
        ranges = text.isEmpty ? [] : [0..<text.count]
    }

    /// Cuts each piece further: `cut` gets the bounds of a piece and appends those of its parts.
    mutating func split(
        _ cut: ([UInt8], Range<Int>, inout [Range<Int>]) throws -> Void
    ) rethrows {
        var parts: [Range<Int>] = []
        parts.reserveCapacity(max(ranges.count, text.count / 4))
        for range in ranges { try cut(text, range, &parts) }
        ranges = parts
    }

    /// Rewrites each piece: `write` gets the bounds of a piece and appends its new text.
    mutating func rewrite(_ write: ([UInt8], Range<Int>, inout [UInt8]) -> Void) {
        var newText: [UInt8] = []
        newText.reserveCapacity(text.count + text.count / 4 + 8)
        for index in ranges.indices {
            let start = newText.count
            write(text, ranges[index], &newText)
            ranges[index] = start..<newText.count
        }
        text = newText
    }
}
