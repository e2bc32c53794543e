import JSON

/// What `Split` and `Replace` look for: a fixed string or a regular expression.
enum TextPattern: Sendable {
    case literal([UInt8])
    case words(WordScanner)
    /// Each character of a set.
    case characters(PatternProgram.Characters)
    /// With the value that it was read from.
    case expression(PatternProgram, JSONNode)

    /// Reads `{"String": ...}` or `{"Regex": ...}`.
    init(_ node: JSONNode) throws {
        if let literal = try node.member("String") {
            try self.init(literal: literal)
        } else if let pattern = try node.member("Regex") {
            try self.init(expression: pattern)
        } else {
            throw node.unsupported(
                node.value.kind,
                ["{\"String\": \"...\"}", "{\"Regex\": \"...\"}"]
            )
        }
    }

    init(literal node: JSONNode) throws {
        let bytes = Array(try node.string().utf8)
        guard !bytes.isEmpty else { throw node.invalid(expected: "a string of some length") }
        self = .literal(bytes)
    }

    init(expression node: JSONNode) throws {
        let text = try node.string()
        if let scanner = WordScanner(pattern: text) {
            self = .words(scanner)
            return
        }
        do {
            self = .expression(try PatternProgram(text), node)
        } catch PatternFault.unsupported(let part) {
            throw node.unsupported(part, PatternParser.supported)
        } catch PatternFault.malformed {
            throw node.invalid(expected: "a regular expression")
        }
    }

    /// The matches in `text[range]`, in order, none overlapping.
    func matches(
        _ text: [UInt8],
        _ range: Range<Int>,
        _ allowance: inout Allowance
    ) throws -> [Range<Int>] {
        // Patterns of nothing do not match there, as in the Hugging Face library.
        if range.isEmpty { return [] }
        switch self {
        case .literal(let literal): return Self.find(literal, text, range)
        case .words(let scanner):
            var words: [Range<Int>] = []
            scanner.cut(text, range, &words)
            return words
        case .characters(let characters):
            return Self.find(characters, text, range)
        case .expression(let program, let source):
            var matcher = PatternMatcher(program, text, range, steps: allowance.steps)
            do {
                let matches = try matcher.matches()
                allowance.steps = matcher.steps
                return matches
            } catch is PatternMatcher.Exhausted {
                throw source.invalid(expected: "a pattern that takes fewer steps on this text")
            }
        }
    }

    private static func find(
        _ literal: [UInt8],
        _ text: [UInt8],
        _ range: Range<Int>
    ) -> [Range<Int>] {
        var matches: [Range<Int>] = []
        var index = range.lowerBound
        while index + literal.count <= range.upperBound {
            if text[index] == literal[0],
                text[index..<index + literal.count].elementsEqual(literal)
            {
                matches.append(index..<index + literal.count)
                index += literal.count
            } else {
                index += 1
            }
        }
        return matches
    }

    private static func find(
        _ characters: PatternProgram.Characters,
        _ text: [UInt8],
        _ range: Range<Int>
    ) -> [Range<Int>] {
        var matches: [Range<Int>] = []
        var index = range.lowerBound
        while index < range.upperBound {
            let start = index
            if characters.contains(UTF8Reader.next(text, &index)) { matches.append(start..<index) }
        }
        return matches
    }

    /// Replaces every match in `text`.
    func replaceMatches(
        in text: [UInt8],
        with content: [UInt8],
        _ allowance: inout Allowance
    ) throws -> [UInt8] {
        let matches = try matches(text, 0..<text.count, &allowance)
        if matches.isEmpty { return text }
        let count = text.count + matches.reduce(0) { $0 + content.count - $1.count }
        try allowance.check(bytes: count)
        var result: [UInt8] = []
        result.reserveCapacity(count)
        var end = 0
        for match in matches {
            result += text[end..<match.lowerBound]
            result += content
            end = match.upperBound
        }
        result += text[end...]
        return result
    }
}
