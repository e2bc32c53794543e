import JSON

/// The `pre_tokenizer` stage: cuts text into the pieces that are encoded one by one.
enum PreTokenizer: Sendable {
    case sequence([Self])
    case byteLevel(addsPrefixSpace: Bool, splitsWords: Bool)
    case split(TextPattern, SplitBehavior, inverted: Bool)
    case metaspace(Metaspace)

    static let supported = [
        "Sequence", "ByteLevel", "Digits", "Split", "Metaspace", "Punctuation", "Whitespace",
        "WhitespaceSplit", "CharDelimiterSplit", "BertPreTokenizer",
    ]

    /// Cuts at each character of a set.
    private static func characters(
        _ contains: @escaping @Sendable (UInt32) -> Bool,
        _ behavior: SplitBehavior
    ) -> Self {
        .split(.characters(.init(.table(contains))), behavior, inverted: false)
    }

    static func digits(individual: Bool) -> Self {
        characters(UnicodeClasses.isDigit, individual ? .isolated : .contiguous)
    }

    init(_ node: JSONNode) throws {
        let type = try node.required("type").string()
        switch type {
        case "Sequence":
            let nodes = try node.required("pretokenizers").elements()
            let stages = try nodes.map { try Self($0) }
            for (index, stage) in stages.enumerated() where stage.looksAtStart {
                guard !stages[..<index].contains(where: \.rewrites) else {
                    throw nodes[index].unsupported(
                        "prepend_scheme first behind a stage that rewrites",
                        Self.supported
                    )
                }
            }
            self = .sequence(stages)
        case "ByteLevel":
            self = .byteLevel(
                addsPrefixSpace: try node.required("add_prefix_space").boolean(),
                splitsWords: try node.member("use_regex")?.boolean() ?? true
            )
        case "Digits":
            self = .digits(individual: try node.required("individual_digits").boolean())
        case "Punctuation":
            let behavior = try node.member("behavior").map { try SplitBehavior($0) }
            self = .characters(UnicodeClasses.isPunctuation, behavior ?? .isolated)
        case "Whitespace":
            self = .sequence([
                .characters(UnicodeClasses.isSpace, .removed),
                .characters(UnicodeClasses.isWord, .contiguous),
            ])
        case "WhitespaceSplit": self = .characters(UnicodeClasses.isSpace, .removed)
        case "BertPreTokenizer":
            self = .sequence([
                .characters(UnicodeClasses.isSpace, .removed),
                .characters(UnicodeClasses.isPunctuation, .isolated),
            ])
        case "CharDelimiterSplit":
            let delimiter = try node.required("delimiter").scalar().value
            self = .characters({ $0 == delimiter }, .removed)
        case "Split":
            self = .split(
                try TextPattern(node.required("pattern")),
                try SplitBehavior(node.required("behavior")),
                inverted: try node.required("invert").boolean()
            )
        case "Metaspace": self = .metaspace(try Metaspace(node))
        default: throw node.unsupported(type, Self.supported)
        }
    }

    /// Whether it treats the start of the whole text in its own way.
    var looksAtStart: Bool {
        switch self {
        case .sequence(let stages): stages.contains(where: \.looksAtStart)
        case .metaspace(let metaspace): metaspace.scheme == .first
        default: false
        }
    }

    /// Whether it puts a space in front, as byte-level tokenizers may.
    var addsPrefixSpace: Bool {
        switch self {
        case .sequence(let stages): stages.contains(where: \.addsPrefixSpace)
        case .byteLevel(let addsPrefixSpace, _): addsPrefixSpace
        default: false
        }
    }

    private var rewrites: Bool {
        switch self {
        case .sequence(let stages): stages.contains(where: \.rewrites)
        case .split: false
        case .byteLevel, .metaspace: true
        }
    }

    func apply(to pieces: inout Pieces, _ allowance: inout Allowance) throws {
        try allowance.start("pre_tokenizer", bytes: pieces.text.count)
        switch self {
        case .sequence(let stages):
            for stage in stages { try stage.apply(to: &pieces, &allowance) }
        case .byteLevel(let addsPrefixSpace, let splitsWords):
            if addsPrefixSpace { Self.prefixSpaces(&pieces) }
            if splitsWords { pieces.split(WordScanner.gpt2.cut) }
            pieces.rewrite { text, range, result in
                for index in range { result += ByteAlphabet.spellings[Int(text[index])] }
            }
        case .split(.words(let scanner), .isolated, _):
            pieces.split(scanner.cut)
        case .split(let pattern, let behavior, let inverted):
            try pieces.split { text, range, parts in
                parts += behavior.parts(
                    try pattern.matches(text, range, &allowance),
                    in: range,
                    inverted: inverted
                )
            }
        case .metaspace(let metaspace): try metaspace.apply(to: &pieces, &allowance)
        }
    }

    private static func prefixSpaces(_ pieces: inout Pieces) {
        pieces.rewrite { text, range, result in
            if text[range.lowerBound] != 0x20 { result.append(0x20) }
            result += text[range]
        }
    }
}
