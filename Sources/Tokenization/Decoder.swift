import JSON

/// The `decoder` stage: turns tokens back to text.
enum Decoder: Sendable {
    case sequence([Self])
    case byteLevel
    case byteFallback
    case fuse
    case strip(Unicode.Scalar, start: Int, stop: Int)
    case replace(TextPattern, with: [UInt8])
    case metaspace(Metaspace)
    /// The end of a word as tokens spell it.
    case words(suffix: TextPattern)

    static let supported = [
        "Sequence", "ByteLevel", "ByteFallback", "Fuse", "Strip", "Replace", "Metaspace",
        "BPEDecoder",
    ]

    init(_ node: JSONNode) throws {
        let type = try node.required("type").string()
        switch type {
        case "Sequence":
            self = .sequence(try node.required("decoders").elements().map { try Self($0) })
        case "ByteLevel": self = .byteLevel
        case "ByteFallback": self = .byteFallback
        case "Fuse": self = .fuse
        case "Strip":
            self = .strip(
                try node.required("content").scalar(),
                start: try node.required("start").integer(),
                stop: try node.required("stop").integer()
            )
        case "Replace":
            self = .replace(
                try TextPattern(node.required("pattern")),
                with: Array(try node.required("content").string().utf8)
            )
        case "Metaspace": self = .metaspace(try Metaspace(node))
        case "BPEDecoder": self = .words(suffix: try TextPattern(literal: node.required("suffix")))
        default: throw node.unsupported(type, Self.supported)
        }
    }

    func decode(_ tokens: [[UInt8]], _ allowance: inout Allowance) throws -> [[UInt8]] {
        try allowance.start("decoder", bytes: tokens.reduce(0) { $0 + $1.count })
        switch self {
        case .sequence(let stages):
            return try stages.reduce(tokens) { try $1.decode($0, &allowance) }
        case .byteLevel:
            let bytes = tokens.flatMap { ByteAlphabet.bytes(of: $0) ?? $0 }
            // Bytes that are not UTF-8 become U+FFFD.
            return [Array(String(decoding: bytes, as: UTF8.self).utf8)]
        case .byteFallback: return Self.joinBytes(tokens)
        case .fuse: return [Array(tokens.joined())]
        case .strip(let content, let start, let stop):
            return tokens.map { Self.strip($0, Array(String(content).utf8), start, stop) }
        case .replace(let pattern, let content):
            return try tokens.map {
                try pattern.replaceMatches(in: $0, with: content, &allowance)
            }
        case .metaspace(let metaspace): return try metaspace.decode(tokens, &allowance)
        case .words(let suffix):
            return try tokens.enumerated().map { index, token in
                let space: [UInt8] = index == tokens.count - 1 ? [] : [0x20]
                return try suffix.replaceMatches(in: token, with: space, &allowance)
            }
        }
    }

    /// Joins runs of byte tokens to text; in a run that is not UTF-8 each byte becomes U+FFFD.
    private static func joinBytes(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var run: [UInt8] = []
        func flush() {
            if run.isEmpty { return }
            let isValid = String(decoding: run, as: UTF8.self).utf8.elementsEqual(run)
            result +=
                isValid ? [run] : Array(repeating: Array("\u{fffd}".utf8), count: run.count)
            run = []
        }
        for token in tokens {
            if let byte = ByteFallback.byte(of: token) {
                run.append(byte)
            } else {
                flush()
                result.append(token)
            }
        }
        flush()
        return result
    }

    /// Takes up to `start` copies of `content` off the front and `stop` off the back.
    private static func strip(
        _ token: [UInt8],
        _ content: [UInt8],
        _ start: Int,
        _ stop: Int
    ) -> [UInt8] {
        var rest = token[...]
        var count = 0
        while count < start, rest.starts(with: content) {
            rest = rest.dropFirst(content.count)
            count += 1
        }
        count = 0
        while count < stop, rest.reversed().starts(with: content.reversed()) {
            rest = rest.dropLast(content.count)
            count += 1
        }
        return Array(rest)
    }
}
