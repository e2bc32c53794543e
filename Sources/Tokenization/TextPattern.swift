import Foundation
import JSON

/// What `Split` and `Replace` look for: a fixed string or a regular expression.
enum TextPattern: Sendable {
    case literal([UInt8])
    case words(WordScanner)
    case regularExpression(NSRegularExpression)

    /// Reads `{"String": ...}` or `{"Regex": ...}`.
    init(_ node: JSONNode) throws {
        if let literal = try node.member("String") {
            let bytes = Array(try literal.string().utf8)
            guard !bytes.isEmpty else { throw literal.invalid(expected: "a string of some length") }
            self = .literal(bytes)
        } else if let pattern = try node.member("Regex") {
            let text = try pattern.string()
            if let scanner = WordScanner(pattern: text) {
                self = .words(scanner)
            } else if let expression = try? NSRegularExpression(pattern: text) {
                self = .regularExpression(expression)
            } else {
                throw pattern.invalid(expected: "a regular expression")
            }
        } else {
            throw node.unsupported(
                node.value.kind,
                ["{\"String\": \"...\"}", "{\"Regex\": \"...\"}"]
            )
        }
    }

    /// The matches in `text[range]`, in order, none overlapping.
    func matches(_ text: [UInt8], _ range: Range<Int>) -> [Range<Int>] {
        switch self {
        case .literal(let literal): return Self.find(literal, text, range)
        case .words(let scanner):
            var words: [Range<Int>] = []
            scanner.cut(text, range, &words)
            return words
        case .regularExpression(let expression):
            return Self.find(expression, text, range)
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
        _ expression: NSRegularExpression,
        _ text: [UInt8],
        _ range: Range<Int>
    ) -> [Range<Int>] {
        let string = String(decoding: text[range], as: UTF8.self)
        // Byte offset of each UTF-16 offset.
        var offsets: [Int] = []
        var offset = range.lowerBound
        for scalar in string.unicodeScalars {
            offsets.append(contentsOf: repeatElement(offset, count: UTF16.width(scalar)))
            offset += UTF8.width(scalar)
        }
        offsets.append(offset)
        let whole = NSRange(location: 0, length: offsets.count - 1)
        return expression.matches(in: string, range: whole).map {
            offsets[$0.range.location]..<offsets[$0.range.location + $0.range.length]
        }
    }

    /// Replaces every match in `text`.
    func replaceMatches(in text: [UInt8], with content: [UInt8]) -> [UInt8] {
        let matches = matches(text, 0..<text.count)
        if matches.isEmpty { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + matches.count * content.count)
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
