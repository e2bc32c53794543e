/// Reads scalars from bytes that are known to be valid UTF-8.
enum UTF8Reader {
    /// The scalar that starts at `index`, which moves past it.
    @inline(__always)
    static func next(_ text: [UInt8], _ index: inout Int) -> UInt32 {
        let first = UInt32(text[index])
        index += 1
        if first < 0x80 { return first }
        let following = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3
        var scalar = first & (0x3f >> UInt32(following))
        for _ in 0..<following where index < text.count {
            scalar = scalar << 6 | UInt32(text[index]) & 0x3f
            index += 1
        }
        return scalar
    }

    /// The scalar that ends before `end`.
    static func last(_ text: [UInt8], before end: Int) -> UInt32 {
        var start = end - 1
        while start > 0, text[start] & 0xc0 == 0x80 { start -= 1 }
        return next(text, &start)
    }
}
