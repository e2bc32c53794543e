import JSON

/// What becomes of the matches of a `Split`.
enum SplitBehavior: String, CaseIterable, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"

    init(_ node: JSONNode) throws {
        let name = try node.string()
        guard let value = Self(rawValue: name) else {
            throw node.unsupported(name, Self.allCases.map(\.rawValue))
        }
        self = value
    }

    /// A stretch of text between or at matches.
    private struct Part {
        var range: Range<Int>
        let isMatch: Bool
    }

    /// The parts that `range` is cut into, none of them empty.
    ///
    /// With `inverted`, the text between the matches counts as the matches.
    func parts(
        _ matches: [Range<Int>],
        in range: Range<Int>,
        inverted: Bool
    ) -> [Range<Int>] {
        var parts = Self.cover(range, matches, inverted: inverted)
        switch self {
        case .removed: parts = parts.filter { !$0.isMatch }
        case .isolated: break
        case .contiguous: parts = Self.merge(parts) { $0 == $1 }
        case .mergedWithPrevious: parts = Self.merge(parts) { !$0 && $1 }
        case .mergedWithNext:
            // The same from the end, so a run of matches gives its last one to the text behind it.
            parts = Self.merge(parts.reversed()) { !$0 && $1 }.reversed()
        }
        return parts.map(\.range).filter { !$0.isEmpty }
    }

    private static func cover(
        _ range: Range<Int>,
        _ matches: [Range<Int>],
        inverted: Bool
    ) -> [Part] {
        var parts: [Part] = []
        var end = range.lowerBound
        for match in matches {
            if end < match.lowerBound {
                parts.append(Part(range: end..<match.lowerBound, isMatch: inverted))
            }
            parts.append(Part(range: match, isMatch: !inverted))
            end = match.upperBound
        }
        if end < range.upperBound {
            parts.append(Part(range: end..<range.upperBound, isMatch: inverted))
        }
        return parts
    }

    /// Joins a part to the one before it where `joins(previous is match, this is match)`.
    private static func merge(_ parts: [Part], where joins: (Bool, Bool) -> Bool) -> [Part] {
        var merged: [Part] = []
        var wasMatch = false
        for part in parts {
            if let last = merged.last, joins(wasMatch, part.isMatch) {
                let lower = min(last.range.lowerBound, part.range.lowerBound)
                let upper = max(last.range.upperBound, part.range.upperBound)
                merged[merged.count - 1].range = lower..<upper
            } else {
                merged.append(part)
            }
            wasMatch = part.isMatch
        }
        return merged
    }
}
