/// A regular expression as a tree, as Oniguruma reads it with the syntax of Ruby.
indirect enum PatternNode: Sendable {
    /// A character of a set, by the set's number.
    case one(Int)
    case sequence([Self])
    /// The first alternative that matches counts.
    case choice([Self])
    case repeated(Self, Range<Int>, Greed)
    case assertion(Assertion)
    case look(Self, isNegative: Bool)
    case atomic(Self)
    /// So many characters back.
    case back(Int)

    enum Greed: Sendable { case greedy, lazy, possessive }

    enum Assertion: Sendable {
        case lineStart, lineEnd, textStart, textEnd, textEndOrLastLineEnd
        case wordBoundary, noWordBoundary
    }

    /// How many characters each match has; nil where matches differ.
    var width: Int? {
        switch self {
        case .one: return 1
        case .assertion, .look: return 0
        case .back(let count): return -count
        case .atomic(let node): return node.width
        case .sequence(let nodes):
            return nodes.reduce(0) { sum, node in
                sum.flatMap { sum in node.width.flatMap { Self.bounded(sum + $0) } }
            }
        case .choice(let nodes):
            let widths = Set(nodes.map(\.width))
            return widths.count == 1 ? widths.first ?? nil : nil
        case .repeated(let node, let counts, _):
            guard counts.count == 1 else { return nil }
            return node.width.flatMap { Self.bounded($0 * counts.lowerBound) }
        }
    }

    private static func bounded(_ width: Int) -> Int? { width < 1 << 30 ? width : nil }

    /// Whether it can match nothing.
    var canBeEmpty: Bool {
        switch self {
        case .one: false
        case .assertion, .look, .back: true
        case .atomic(let node): node.canBeEmpty
        case .sequence(let nodes): nodes.allSatisfy(\.canBeEmpty)
        case .choice(let nodes): nodes.contains(where: \.canBeEmpty)
        case .repeated(let node, let counts, _): counts.lowerBound == 0 || node.canBeEmpty
        }
    }
}

/// Why a pattern cannot be used.
enum PatternFault: Error {
    case malformed
    /// A part of the language that is refused, by its name.
    case unsupported(String)
}

/// Reads a pattern.
///
/// Where Oniguruma has a meaning, in any corner, that this does not have, it refuses by name.
struct PatternParser {
    /// What is served, for messages.
    static let supported = [
        "characters", "classes", "\\p of general categories",
        "\\A \\b \\B \\d \\D \\h \\H \\s \\S "
            + "\\w \\W \\z \\Z ^ $ .", "groups", "(?i:ASCII)", "(?m:)", "(?>)",
        "look-around of fixed length", "quantifiers",
    ]
    private static let deepest = 100
    /// More than any pattern for words needs.
    private static let longest = 2000

    struct Options {
        var ignoresCase = false
        var dotIsAny = false
    }

    let text: [Unicode.Scalar]
    var index = 0
    private(set) var sets: [PatternProgram.Characters] = []
    private var depth = 0
    /// The letter before this one in a string that ignores case.
    private var lastLetter: Unicode.Scalar?
    /// Whether some part ignores case.
    private var foldsCase = false

    private init(_ pattern: String) { text = Array(pattern.unicodeScalars) }

    /// The tree of a pattern and the sets that it names by number.
    static func parse(
        _ pattern: String
    ) throws -> (root: PatternNode, sets: [PatternProgram.Characters]) {
        var parser = Self(pattern)
        guard parser.text.count <= longest else {
            throw PatternFault.unsupported("a pattern of \(parser.text.count) characters")
        }
        let root = try parser.choice(Options())
        guard parser.index == parser.text.count else { throw PatternFault.malformed }
        return (root, parser.sets)
    }

    private mutating func one(_ set: PatternClass) -> PatternNode {
        sets.append(PatternProgram.Characters(set))
        return .one(sets.count - 1)
    }

    var next: Unicode.Scalar? { index < text.count ? text[index] : nil }

    mutating func take() throws -> Unicode.Scalar {
        guard let scalar = next else { throw PatternFault.malformed }
        index += 1
        return scalar
    }

    mutating func takes(_ string: String) -> Bool {
        guard text[index...].starts(with: string.unicodeScalars) else { return false }
        index += string.unicodeScalars.count
        return true
    }

    /// Runs `body` one level deeper.
    mutating func nested<Result>(_ body: (inout Self) throws -> Result) throws -> Result {
        guard depth < Self.deepest else {
            throw PatternFault.unsupported("more than \(Self.deepest) groups in one another")
        }
        depth += 1
        defer { depth -= 1 }
        return try body(&self)
    }

    /// Alternatives up to a parenthesis or the end.
    private mutating func choice(_ options: Options) throws -> PatternNode {
        var branches: [[PatternNode]] = [[]]
        while let scalar = next, scalar != ")" {
            if takes("|") {
                branches.append([])
                lastLetter = nil
            } else {
                branches[branches.count - 1].append(try quantified(options))
            }
        }
        let nodes = branches.map { PatternNode.sequence($0) }
        return nodes.count == 1 ? nodes[0] : .choice(nodes)
    }

    private mutating func quantified(_ options: Options) throws -> PatternNode {
        let start = index
        var node = try atom(options)
        var count = 0
        while let counts = try quantifier() {
            count += 1
            guard count < Self.deepest else { throw unsupported(from: start) }
            switch node {
            case .assertion, .look: throw PatternFault.malformed
            default: break
            }
            // Oniguruma ends such a loop early, or does not, by the length of its code.
            guard counts.range.upperBound <= 2 || !node.canBeEmpty else {
                throw unsupported(from: start, ", a repetition of what can be empty,")
            }
            // "s{2}" could be the one character "ß".
            guard !foldsCase || counts.range.lowerBound < 2 else {
                throw unsupported(from: start, " beside (?i:)")
            }
            node = .repeated(node, counts.range, counts.greed)
        }
        return node
    }

    /// A quantifier; its range ends before .max where it is open.
    private mutating func quantifier() throws -> (range: Range<Int>, greed: PatternNode.Greed)? {
        if takes("*") { return (0..<Int.max, greed()) }
        if takes("+") { return (1..<Int.max, greed()) }
        if takes("?") { return (0..<2, greed()) }
        let start = index
        guard takes("{") else { return nil }
        let lower = number()
        let upper = takes(",") ? number() ?? (lower == nil ? nil : .max - 1) : lower
        guard let upper, takes("}") else {
            index = start
            return nil
        }
        guard (lower ?? 0) <= upper else { throw unsupported(from: start) }
        guard upper == .max - 1 || upper <= 100_000 else { throw PatternFault.malformed }
        // `{n}?` makes the whole optional, and `{n}+` repeats it.
        let isLazy = lower != upper && takes("?")
        return ((lower ?? 0)..<upper + 1, isLazy ? .lazy : .greedy)
    }

    private mutating func greed() -> PatternNode.Greed {
        takes("?") ? .lazy : takes("+") ? .possessive : .greedy
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let digit = next?.value, (0x30...0x39).contains(digit) {
            value = min((value ?? 0) * 10 + Int(digit) - 0x30, 1_000_000)
            index += 1
        }
        return value
    }

    private mutating func atom(_ options: Options) throws -> PatternNode {
        let start = index
        guard try quantifier() == nil else { throw PatternFault.malformed }
        let scalar = try take()
        switch scalar {
        case "(":
            return try nested { try $0.group(options, start) }
        case "[":
            lastLetter = nil
            return one(try nested { try $0.bracket(options.ignoresCase) })
        case ".":
            lastLetter = nil
            return one(options.dotIsAny ? .any : .complement(.lineEnd))
        case "^": return .assertion(.lineStart)
        case "$": return .assertion(.lineEnd)
        case "\\":
            if let assertion = assertion() { return .assertion(assertion) }
            if let set = try escapedClass() {
                if options.ignoresCase { throw unsupported(from: start, " in (?i:)") }
                return one(set)
            }
            return one(try literal(escaped(), options, start))
        default: return one(try literal(scalar, options, start))
        }
    }

    private mutating func literal(
        _ scalar: Unicode.Scalar,
        _ options: Options,
        _ start: Int
    ) throws -> PatternClass {
        guard options.ignoresCase else { return .character(scalar.value) }
        let pair = [lastLetter, scalar].compactMap(\.self).map { $0.properties.lowercaseMapping }
        lastLetter = scalar
        // Each of these is also one character, such as "ß".
        guard !["ss", "st", "ff", "fi", "fl"].contains(pair.joined()) else {
            throw unsupported(from: start - 1, " in (?i:)")
        }
        return try folded(scalar, start)
    }

    /// A character in both cases.
    func folded(_ scalar: Unicode.Scalar, _ start: Int) throws -> PatternClass {
        let code = scalar.value
        switch scalar {
        case "a"..."z", "A"..."Z":
            let other: [UInt32] =
                switch scalar {
                case "k", "K": [0x212a]
                case "s", "S": [0x17f]
                default: []
                }
            return .union(([code, code ^ 0x20] + other).map { .character($0) })
        default:
            switch scalar.properties.generalCategory {
            case _ where scalar.isASCII: break
            case .dashPunctuation, .otherPunctuation, .initialPunctuation, .finalPunctuation,
                .openPunctuation, .closePunctuation, .spaceSeparator:
                break
            default: throw unsupported(from: start, " in (?i:)")
            }
            return .character(code)
        }
    }

    /// The error that names the pattern's text from `start` up to here.
    func unsupported(from start: Int, _ why: String = "") -> PatternFault {
        var name = String.UnicodeScalarView()
        name.append(contentsOf: text[max(start, 0)..<index])
        return .unsupported(String(name) + why)
    }

    private mutating func group(_ options: Options, _ start: Int) throws -> PatternNode {
        var options = options
        guard takes("?") else {
            guard next != "*" else { throw PatternFault.malformed }
            return try closed(choice(options))
        }
        if takes(":") { return try closed(choice(options)) }
        if takes(">") { return .atomic(try closed(choice(options))) }
        if takes("=") { return .look(try closed(choice(options)), isNegative: false) }
        if takes("!") { return .look(try closed(choice(options)), isNegative: true) }
        if takes("<=") { return try behind(options, start, isNegative: false) }
        if takes("<!") { return try behind(options, start, isNegative: true) }
        var isOn = true
        while let flag = next, ["i", "m", "-"].contains(flag) {
            index += 1
            switch flag {
            case "-": isOn = false
            case "i":
                options.ignoresCase = isOn
                foldsCase = true
            default: options.dotIsAny = isOn
            }
        }
        if takes(":") { return try closed(choice(options)) }
        // Options without a group hold for the rest of this one, its alternatives included.
        if takes(")") { return try nested { try $0.choice(options) } }
        _ = try take()
        throw unsupported(from: start)
    }

    private mutating func closed(_ node: PatternNode) throws -> PatternNode {
        guard takes(")") else { throw PatternFault.malformed }
        return node
    }

    private mutating func behind(
        _ options: Options,
        _ start: Int,
        isNegative: Bool
    ) throws -> PatternNode {
        let body = try closed(choice(options))
        let branches = if case .choice(let nodes) = body { nodes } else { [body] }
        let placed = try branches.map { branch in
            guard let width = branch.width else { throw unsupported(from: start) }
            return PatternNode.sequence([.back(width), branch])
        }
        return .look(.choice(placed), isNegative: isNegative)
    }
}
