import JSON

/// A token that is found in the text itself, before anything is cut or merged.
struct AddedToken: Sendable {
    let id: Int
    let content: String
    /// Left out of decoded text on request.
    var isSpecial = false
    /// Takes in the white space before it.
    var stripsLeft = false
    /// Takes in the white space behind it.
    var stripsRight = false
    /// Not found inside longer words.
    var isSingleWord = false
    /// Looked for in normalized text, in its own normalized form.
    var isNormalized = false

    init(id: Int, content: String, isSpecial: Bool) {
        self.id = id
        self.content = content
        self.isSpecial = isSpecial
    }

    init(_ node: JSONNode) throws {
        try self.init(node, id: node.required("id").integer())
    }

    /// A token whose id stands elsewhere.
    init(_ node: JSONNode, id: Int) throws {
        self.id = id
        content = try node.required("content").string()
        isSpecial = try node.required("special").boolean()
        stripsLeft = try node.required("lstrip").boolean()
        stripsRight = try node.required("rstrip").boolean()
        isSingleWord = try node.required("single_word").boolean()
        isNormalized = try node.required("normalized").boolean()
    }
}

/// Finds added tokens: the leftmost first, of those that start together the longest.
struct AddedTokenMatcher: Sendable {
    /// A stretch of text with the added token that it is, if it is one.
    struct Part {
        let range: Range<Int>
        let id: Int?
    }

    private let tokens: [AddedToken]
    /// A trie: the node behind (node << 8 | byte); node 0 is the root.
    private var children: [Int: Int] = [:]
    /// Index in `tokens` of the token that ends at each node.
    private var ends: [Int?] = [nil]
    /// Whether some token starts with each byte.
    private var starts = [Bool](repeating: false, count: 256)

    /// Makes a matcher of tokens with the text to look for; the texts are distinct.
    init(_ patterns: [(token: AddedToken, text: [UInt8])]) {
        tokens = patterns.map(\.token)
        for (index, pattern) in patterns.enumerated() {
            guard let first = pattern.text.first else { continue }
            starts[Int(first)] = true
            var node = 0
            for byte in pattern.text {
                let edge = node << 8 | Int(byte)
                if let child = children[edge] {
                    node = child
                } else {
                    node = ends.count
                    children[edge] = node
                    ends.append(nil)
                }
            }
            ends[node] = index
        }
    }

    /// Cuts a text at the added tokens in it.
    func parts(of text: [UInt8], _ allowance: inout Allowance) throws -> [Part] {
        var parts: [Part] = []
        var partStart = 0
        var index = 0
        while index < text.count {
            guard starts[Int(text[index])],
                let match = try longestMatch(text, at: index, &allowance)
            else {
                index += 1
                continue
            }
            let token = tokens[match.token]
            var start = index
            var end = match.end
            index = end
            if token.isSingleWord, Self.touchesWord(text, start, end) { continue }
            if token.stripsLeft {
                start = max(partStart, Whitespace.start(of: text, 0..<start))
            }
            if token.stripsRight { end = Whitespace.end(of: text, from: end) }
            if partStart < start { parts.append(Part(range: partStart..<start, id: nil)) }
            // Empty where the token before has taken this one's white space in. One that does not
            // strip stands all the same, as in the Hugging Face library.
            if start < end { parts.append(Part(range: start..<end, id: token.id)) }
            partStart = end
        }
        if partStart < text.count { parts.append(Part(range: partStart..<text.count, id: nil)) }
        return parts
    }

    private func longestMatch(
        _ text: [UInt8],
        at start: Int,
        _ allowance: inout Allowance
    ) throws -> (token: Int, end: Int)? {
        var node = 0
        var longest: (token: Int, end: Int)?
        for index in start..<text.count {
            try allowance.spend(steps: 1, on: "added_tokens")
            guard let child = children[node << 8 | Int(text[index])] else { break }
            node = child
            if let token = ends[node] { longest = (token, index + 1) }
        }
        return longest
    }

    private static func touchesWord(_ text: [UInt8], _ start: Int, _ end: Int) -> Bool {
        if start > 0, UnicodeClasses.isWord(UTF8Reader.last(text, before: start)) { return true }
        var next = end
        return end < text.count && UnicodeClasses.isWord(UTF8Reader.next(text, &next))
    }
}
