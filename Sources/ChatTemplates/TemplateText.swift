/// A text as Python has it: a sequence of Unicode scalars, equal where each of them is.
///
/// A Swift `String` is one of grapheme clusters up to canonical equivalence, by which lengths,
/// slices and comparisons would differ.
typealias TemplateText = [Unicode.Scalar]

extension TemplateText {
    init(_ string: String) { self = Array(string.unicodeScalars) }

    var string: String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: self)
        return String(view)
    }

    /// The first place of `other` from `start` on.
    func range(of other: TemplateText, from start: Int = 0) -> Range<Int>? {
        guard !other.isEmpty else { return nil }
        var index = start
        while index + other.count <= count {
            if self[index...].starts(with: other) { return index..<index + other.count }
            index += 1
        }
        return nil
    }

    func ends(with other: TemplateText) -> Bool { suffix(other.count) == other[...] }

    /// The text without the scalars of a kind at its ends.
    func stripped(
        start: Bool = true,
        end: Bool = true,
        of isStripped: (Unicode.Scalar) -> Bool = \.isPythonSpace
    ) -> TemplateText {
        var rest = self[...]
        if start { rest = rest.drop(while: isStripped) }
        if end { while let last = rest.last, isStripped(last) { rest.removeLast() } }
        return Array(rest)
    }

    /// The pieces between occurrences of a separator, at most `limit` cuts from the left.
    func split(by separator: TemplateText, limit: Int = .max) -> [TemplateText] {
        var pieces: [TemplateText] = []
        var start = 0
        while pieces.count < limit, let found = range(of: separator, from: start) {
            pieces.append(Array(self[start..<found.lowerBound]))
            start = found.upperBound
        }
        return pieces + [Array(self[start...])]
    }

    /// The words between white space.
    func words() -> [TemplateText] {
        split(whereSeparator: \.isPythonSpace).map(Array.init)
    }

    func replacing(_ old: TemplateText, with new: TemplateText, limit: Int = .max) -> TemplateText {
        Array(split(by: old, limit: limit).joined(separator: new))
    }

    var uppercased: TemplateText { flatMap { TemplateText($0.properties.uppercaseMapping) } }

    var lowercased: TemplateText { TemplateText(string.lowercased()) }

    /// The first letter large, the others small.
    var capitalized: TemplateText {
        guard let first else { return [] }
        return TemplateText(first.properties.titlecaseMapping)
            + TemplateText(Array(dropFirst())).lowercased
    }

    /// Every word capitalized; words are what `isPart` holds for.
    func titled(_ isPart: (Unicode.Scalar) -> Bool) -> TemplateText {
        var result: TemplateText = []
        var word: TemplateText = []
        for scalar in self {
            if isPart(scalar) {
                word.append(scalar)
            } else {
                result += word.capitalized + [scalar]
                word = []
            }
        }
        return result + word.capitalized
    }
}

extension Unicode.Scalar {
    /// `str.isspace`: Unicode's white space and the four separators of ASCII.
    var isPythonSpace: Bool { properties.isWhitespace || (0x1c...0x1f).contains(value) }
}
