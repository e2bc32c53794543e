import JSON

/// The `pre_tokenizer` stage: cuts text into the pieces that are encoded one by one.
enum PreTokenizer: Sendable {
    case sequence([Self])
    case byteLevel(addsPrefixSpace: Bool, splitsWords: Bool)
    case digits(individual: Bool)
    case split(TextPattern, SplitBehavior, inverted: Bool)
    case metaspace(Metaspace)

    static let supported = ["Sequence", "ByteLevel", "Digits", "Split", "Metaspace"]

    init(_ node: JSONNode) throws {
        let type = try node.required("type").string()
        switch type {
        case "Sequence":
            self = .sequence(try node.stages("pretokenizers").map { try Self($0) })
        case "ByteLevel":
            self = .byteLevel(
                addsPrefixSpace: try node.required("add_prefix_space").boolean(),
                splitsWords: try node.member("use_regex")?.boolean() ?? true
            )
        case "Digits":
            self = .digits(individual: try node.required("individual_digits").boolean())
        case "Split":
            let behavior = try node.required("behavior")
            guard let value = SplitBehavior(rawValue: try behavior.string()) else {
                throw behavior.unsupported(
                    try behavior.string(),
                    SplitBehavior.allCases.map(\.rawValue)
                )
            }
            self = .split(
                try TextPattern(node.required("pattern")),
                value,
                inverted: try node.required("invert").boolean()
            )
        case "Metaspace": self = .metaspace(try Metaspace(node))
        default: throw node.unsupported(type, Self.supported)
        }
    }

    func apply(to pieces: inout Pieces, _ allowance: inout Allowance) throws {
        try allowance.check(bytes: pieces.text.count)
        switch self {
        case .sequence(let stages):
            for stage in stages { try stage.apply(to: &pieces, &allowance) }
        case .byteLevel(let addsPrefixSpace, let splitsWords):
            if addsPrefixSpace { Self.prefixSpaces(&pieces) }
            if splitsWords { pieces.split(WordScanner.gpt2.cut) }
            pieces.rewrite { text, range, result in
                for index in range { result += ByteAlphabet.spellings[Int(text[index])] }
            }
        case .digits(let individual):
            pieces.split { Self.cutDigits($0, $1, individual: individual, &$2) }
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

    private static func cutDigits(
        _ text: [UInt8],
        _ range: Range<Int>,
        individual: Bool,
        _ parts: inout [Range<Int>]
    ) {
        var partStart = range.lowerBound
        var wasDigit = false
        var index = range.lowerBound
        while index < range.upperBound {
            let start = index
            let isDigit = UnicodeClasses.isDigit(UTF8Reader.next(text, &index))
            if start > partStart, isDigit != wasDigit || isDigit && individual {
                parts.append(partStart..<start)
                partStart = start
            }
            wasDigit = isDigit
        }
        parts.append(partStart..<range.upperBound)
    }
}
