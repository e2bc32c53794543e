import JSON

/// The `Metaspace` pre-tokenizer and decoder: a visible character, mostly "▁", stands for spaces.
struct Metaspace: Sendable {
    let replacement: [UInt8]
    let scheme: PrependScheme
    /// Whether each replacement starts a piece of its own.
    let splits: Bool

    /// Where a replacement is put in front of text that does not start with one.
    enum PrependScheme: String, CaseIterable, Sendable {
        /// The first piece only, if nothing stands before it.
        case first
        case never
        /// Every piece, so also the text behind an added token.
        case always
    }

    init(_ node: JSONNode) throws {
        replacement = Array(String(try node.required("replacement").scalar()).utf8)
        splits = try node.member("split")?.boolean() ?? true
        let prefix = try node.member("add_prefix_space")
        var scheme = PrependScheme.always
        if let name = try node.member("prepend_scheme") {
            guard let value = PrependScheme(rawValue: try name.string()) else {
                throw name.unsupported(
                    try name.string(),
                    PrependScheme.allCases.map(\.rawValue)
                )
            }
            scheme = value
        }
        if let prefix, try !prefix.boolean() {
            guard scheme == .never else {
                throw prefix.invalid(
                    expected: "true with the prepend_scheme \(scheme.rawValue.quoted)"
                )
            }
        }
        self.scheme = scheme
    }

    func apply(to pieces: inout Pieces, _ allowance: inout Allowance) throws {
        let startsText = pieces.startsText
        pieces.rewrite { text, range, result in
            let isFirst = startsText && range.lowerBound == 0
            if scheme == .always || scheme == .first && isFirst {
                let startsWithSpace =
                    text[range.lowerBound] == 0x20 || text[range].starts(with: replacement)
                if !startsWithSpace { result += replacement }
            }
            for index in range {
                if text[index] == 0x20 { result += replacement } else { result.append(text[index]) }
            }
        }
        guard splits else { return }
        let pattern = TextPattern.literal(replacement)
        try pieces.split { text, range, parts in
            parts += SplitBehavior.mergedWithNext.parts(
                try pattern.matches(text, range, &allowance),
                in: range,
                inverted: false
            )
        }
    }

    /// Turns replacements back to spaces; those of the first token go, unless none was put there.
    func decode(_ tokens: [[UInt8]], _ allowance: inout Allowance) throws -> [[UInt8]] {
        let pattern = TextPattern.literal(replacement)
        return try tokens.enumerated().map { index, token in
            let content: [UInt8] = index == 0 && scheme != .never ? [] : [0x20]
            return try pattern.replaceMatches(in: token, with: content, &allowance)
        }
    }
}
