/// Escapes and bracketed classes of patterns.
extension PatternParser {
    /// The assertion of the letter behind a backslash, if it is one.
    mutating func assertion() -> PatternNode.Assertion? {
        if takes("A") { return .textStart }
        if takes("z") { return .textEnd }
        if takes("Z") { return .textEndOrLastLineEnd }
        if takes("b") { return .wordBoundary }
        if takes("B") { return .noWordBoundary }
        return nil
    }

    /// The class of the letter behind a backslash, if it is one.
    mutating func escapedClass() throws -> PatternClass? {
        let start = index - 1
        switch next {
        case "d":
            index += 1
            return .digit
        case "D":
            index += 1
            return .complement(.digit)
        case "h":
            index += 1
            return .hexadecimal
        case "H":
            index += 1
            return .complement(.hexadecimal)
        case "s":
            index += 1
            return .space
        case "S":
            index += 1
            return .complement(.space)
        case "w":
            index += 1
            return .word
        case "W":
            index += 1
            return .complement(.word)
        case "p", "P":
            var isComplement = try take() == "P"
            guard takes("{") else { throw unsupported(from: start) }
            if takes("^") { isComplement.toggle() }
            var name = ""
            while let scalar = next, scalar != "}" {
                name.unicodeScalars.append(scalar)
                index += 1
            }
            guard takes("}") else { throw PatternFault.malformed }
            guard let set = PatternClass(property: name) else { throw unsupported(from: start) }
            return isComplement ? .complement(set) : set
        default: return nil
        }
    }

    /// The character behind a backslash.
    mutating func escaped() throws -> Unicode.Scalar {
        let start = index - 1
        let scalar = try take()
        switch scalar {
        case "t": return "\t"
        case "n": return "\n"
        case "r": return "\r"
        case "f": return "\u{0c}"
        case "v": return "\u{0b}"
        case "a": return "\u{07}"
        case "e": return "\u{1b}"
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
            if let set = try escapedClass() {
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
        guard upper.isASCII else { throw unsupported(from: start, "(?i:) of ") }
        return .union(
            try (lower.value...upper.value).compactMap(Unicode.Scalar.init)
                .map { try folded($0, start) }
        )
    }

    private mutating func character() throws -> Unicode.Scalar {
        takes("\\") ? try escaped() : try take()
    }

    private mutating func posixClass(_ start: Int, _ ignoresCase: Bool) throws -> PatternClass {
        let isComplement = takes("^")
        var name = ""
        while let scalar = next, scalar != ":" {
            name.unicodeScalars.append(scalar)
            index += 1
        }
        guard takes(":]"), !ignoresCase, let set = PatternClass(bracket: name) else {
            throw unsupported(from: start)
        }
        return isComplement ? .complement(set) : set
    }
}
