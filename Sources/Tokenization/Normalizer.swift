import JSON

/// The `normalizer` stage: rewrites text before it is cut into words.
enum Normalizer: Sendable {
    case sequence([Self])
    case unicode(UnicodeForm)
    case prepend([UInt8])
    case replace(TextPattern, with: [UInt8])
    case lowercase
    case strip(left: Bool, right: Bool)
    case byteLevel

    static let supported = [
        "Sequence", "NFC", "NFD", "NFKC", "NFKD", "Prepend", "Replace", "Lowercase", "Strip",
        "StripAccents", "ByteLevel",
    ]

    init(_ node: JSONNode) throws {
        let type = try node.required("type").string()
        switch type {
        case "Sequence":
            self = .sequence(try node.required("normalizers").elements().map { try Self($0) })
        case "Prepend":
            let prefix = try node.required("prepend")
            self = .prepend(Array(try prefix.string().utf8))
            guard try !prefix.string().isEmpty else {
                throw prefix.invalid(expected: "a string of some length")
            }
        case "Replace":
            let pattern = try node.required("pattern")
            self = .replace(
                try TextPattern(pattern),
                with: Array(try node.required("content").string().utf8)
            )
            // The Hugging Face library loses track of texts in which something replaces nothing.
            if case .replace(.expression(let program, _), _) = self, program.canBeEmpty {
                throw pattern.invalid(expected: "a pattern that always matches some character")
            }
        case "Lowercase": self = .lowercase
        case "StripAccents":
            self = .replace(.characters(.init(.table(UnicodeClasses.isAccent))), with: [])
        case "ByteLevel": self = .byteLevel
        case "Strip":
            self = .strip(
                left: try node.required("strip_left").boolean(),
                right: try node.required("strip_right").boolean()
            )
        default:
            guard let form = UnicodeForm(rawValue: type) else {
                throw node.unsupported(type, Self.supported)
            }
            self = .unicode(form)
        }
    }

    /// Whether it may take off the first character, so that no text behind it starts the whole.
    var canTakeOffStart: Bool {
        switch self {
        case .sequence(let stages): stages.contains(where: \.canTakeOffStart)
        case .strip(let left, _): left
        case .replace(.literal(let text), let content):
            content.isEmpty || String(decoding: text, as: UTF8.self).unicodeScalars.count > 1
        case .replace: true
        default: false
        }
    }

    func normalize(_ text: [UInt8], _ allowance: inout Allowance) throws -> [UInt8] {
        try allowance.start("normalizer", bytes: text.count)
        switch self {
        case .sequence(let stages):
            return try stages.reduce(text) { try $1.normalize($0, &allowance) }
        case .unicode(let form): return form.normalize(text)
        case .prepend(let prefix): return text.isEmpty ? text : prefix + text
        case .replace(let pattern, let content):
            return try pattern.replaceMatches(in: text, with: content, &allowance)
        case .lowercase:
            // One scalar at a time: a final sigma is not treated in another way.
            let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
            return scalars.flatMap { $0.properties.lowercaseMapping.utf8 }
        case .byteLevel: return text.flatMap { ByteAlphabet.spellings[Int($0)] }
        case .strip(let left, let right):
            var range = 0..<text.count
            if left { range = Whitespace.end(of: text, from: 0)..<text.count }
            if right { range = range.lowerBound..<Whitespace.start(of: text, range) }
            return Array(text[range])
        }
    }
}

/// Runs of white space at the edges of a text.
enum Whitespace {
    /// Where the white space that starts at `start` ends.
    static func end(of text: [UInt8], from start: Int) -> Int {
        var end = start
        while end < text.count {
            var next = end
            guard UnicodeClasses.isSpace(UTF8Reader.next(text, &next)) else { break }
            end = next
        }
        return end
    }

    /// Where the white space that ends `text[range]` starts.
    static func start(of text: [UInt8], _ range: Range<Int>) -> Int {
        var start = range.upperBound
        while start > range.lowerBound {
            var previous = start - 1
            while previous > range.lowerBound, text[previous] & 0xc0 == 0x80 { previous -= 1 }
            var index = previous
            guard UnicodeClasses.isSpace(UTF8Reader.next(text, &index)) else { break }
            start = previous
        }
        return start
    }
}
