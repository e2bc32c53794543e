/// Escapes and bracketed classes of patterns.
extension PatternParser {
    private static let assertions: [Unicode.Scalar: PatternNode.Assertion] = [
        "A": .textStart, "z": .textEnd, "Z": .textEndOrLastLineEnd, "b": .wordBoundary,
        "B": .noWordBoundary,
    ]

    private static let classes: [Unicode.Scalar: PatternClass] = [
        "d": .digit, "h": .hexadecimal, "s": .space, "w": .word, "D": .complement(.digit),
        "H": .complement(.hexadecimal), "S": .complement(.space), "W": .complement(.word),
    ]

    private static let characters: [Unicode.Scalar: Unicode.Scalar] = [
        "t": "\t", "n": "\n", "r": "\r", "f": "\u{0c}", "v": "\u{0b}", "a": "\u{07}",
        "e": "\u{1b}",
    ]

    /// The assertion of the letter behind a backslash, if it is one.
    mutating func assertion() -> PatternNode.Assertion? {
        guard let assertion = next.flatMap({ Self.assertions[$0] }) else { return nil }
        index += 1
        return assertion
    }

    /// The class of the letter behind a backslash, if it is one.
    mutating func escapedClass(inBrackets: Bool = false) throws -> PatternClass? {
        let start = index - 1
        if inBrackets, takes("w") { return .bracketWord }
        if inBrackets, takes("W") { return .complement(.bracketWord) }
        if let set = next.flatMap({ Self.classes[$0] }) {
            index += 1
            return set
        }
        guard next == "p" || next == "P" else { return nil }
        var isComplement = try take() == "P"
        guard takes("{") else { throw unsupported(from: start) }
        if takes("^") { isComplement.toggle() }
        let name = name(before: "}")
        guard takes("}") else { throw PatternFault.malformed }
        guard let set = PatternClass(property: name) else { throw unsupported(from: start) }
        return isComplement ? .complement(set) : set
    }

    private mutating func name(before end: Unicode.Scalar) -> String {
        var name = String.UnicodeScalarView()
        while let scalar = next, scalar != end {
            name.append(scalar)
            index += 1
        }
        return String(name)
    }

    /// The character behind a backslash.
    mutating func escaped() throws -> Unicode.Scalar {
        let start = index - 1
        let scalar = try take()
        if let character = Self.characters[scalar] { return character }
        switch scalar {
        case "u":
            return try hexadecimal(digits: 4, start)
        case "x":
            guard takes("{") else {
                let scalar = try hexadecimal(digits: 2, start)
                // Two digits are a byte, which is a character below U+0080 only.
                guard scalar.isASCII else { throw unsupported(from: start) }
                return scalar
            }
            let close = text[index...].firstIndex(of: "}") ?? text.count
            let scalar = try hexadecimal(digits: min(close - index, 8), start)
            guard takes("}") else { throw PatternFault.malformed }
            return scalar
        case "a"..."z", "A"..."Z", "0"..."9": throw unsupported(from: start)
        default: return scalar
        }
    }

    private mutating func hexadecimal(digits: Int, _ start: Int) throws -> Unicode.Scalar {
        var code: UInt32 = 0
        var count = 0
        while count < digits, let digit = next.flatMap({ Character($0).hexDigitValue }),
            next?.isASCII == true
        {
            code = code << 4 | UInt32(digit)
            index += 1
            count += 1
        }
        guard count > 0, count == digits, let scalar = Unicode.Scalar(code) else {
            throw unsupported(from: start)
        }
        return scalar
    }

    /// A class behind its opening bracket.
    mutating func bracket(_ ignoresCase: Bool) throws -> PatternClass {
        let start = index - 1
        let isComplement = takes("^")
        guard next != "]" else { throw unsupported(from: start) }
        var intersected: [PatternClass] = []
        var members: [PatternClass] = []
        while !takes("]") {
            if takes("&&") {
                guard !members.isEmpty else { throw unsupported(from: start) }
                intersected.append(.union(members))
                members = []
            } else {
                members.append(try member(ignoresCase))
            }
        }
        intersected.append(.union(members))
        guard intersected.count == 1 || !members.isEmpty else { throw unsupported(from: start) }
        let set = intersected.count == 1 ? intersected[0] : .intersection(intersected)
        return isComplement ? .complement(set) : set
    }

    /// A character, a range or a class inside brackets.
    private mutating func member(_ ignoresCase: Bool) throws -> PatternClass {
        let start = index
        if takes("[:") { return try posixClass(start, ignoresCase) }
        if takes("[") { return try nested { try $0.bracket(ignoresCase) } }
        if takes("\\") {
            if let set = try escapedClass(inBrackets: true) {
                guard !ignoresCase, next != "-" || text[index...].starts(with: "-]".unicodeScalars)
                else { throw unsupported(from: start) }
                return set
            }
            index = start
        }
        let lower = try character()
        let dash = index
        guard takes("-"), next != "]" else {
            index = dash
            return ignoresCase ? try folded(lower, start) : .character(lower.value)
        }
        if text[index...].starts(with: "&&".unicodeScalars) || next == "[" {
            throw unsupported(from: start)
        }
        let upper = try character()
        guard lower <= upper else { throw PatternFault.malformed }
        // "a-c-e" would be read in more than one way.
        guard next != "-" || text[index...].starts(with: "-]".unicodeScalars) else {
            throw unsupported(from: start)
        }
        guard ignoresCase else { return .range(lower.value...upper.value) }
        guard upper.isASCII else { throw unsupported(from: start, " in (?i:)") }
        return .union(
            try (lower.value...upper.value).compactMap(Unicode.Scalar.init)
                .map { try folded($0, start) }
        )
    }

    private mutating func character() throws -> Unicode.Scalar {
        if takes("\\b") { return "\u{08}" }
        return takes("\\") ? try escaped() : try take()
    }

    private mutating func posixClass(_ start: Int, _ ignoresCase: Bool) throws -> PatternClass {
        let isComplement = takes("^")
        let name = name(before: ":")
        guard takes(":]"), !ignoresCase, let set = PatternClass(bracket: name) else {
            throw unsupported(from: start)
        }
        return isComplement ? .complement(set) : set
    }
}
