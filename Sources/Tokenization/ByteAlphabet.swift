/// The 256 printable characters that stand for bytes in byte-level vocabularies (GPT-2).
///
/// Printable bytes of Latin-1 stand for themselves; the other 68 take U+0100 and up, in order.
enum ByteAlphabet {
    /// The character of each byte.
    static let scalars: [Unicode.Scalar] = {
        var unprintable: UInt32 = 0x100
        return (0...255 as ClosedRange<UInt8>).map { byte in
            switch byte {
            case 0x21...0x7e, 0xa1...0xac, 0xae...0xff: return Unicode.Scalar(byte)
            default:
                defer { unprintable += 1 }
                return Unicode.Scalar(unprintable) ?? "\u{0}"
            }
        }
    }()

    /// The characters of the bytes as UTF-8: one or two bytes each.
    static let spellings: [[UInt8]] = scalars.map { Array(String($0).utf8) }

    /// The byte of each character below U+0144, -1 for those that stand for none.
    private static let values: [Int16] = {
        var values = [Int16](repeating: -1, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { values[Int(scalar.value)] = Int16(byte) }
        return values
    }()

    /// The bytes that a token spells; nil when some character stands for none.
    static func bytes(of token: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        var index = 0
        while index < token.count {
            let scalar = Int(UTF8Reader.next(token, &index))
            guard scalar < values.count, values[scalar] >= 0 else { return nil }
            bytes.append(UInt8(values[scalar]))
        }
        return bytes
    }
}

/// Tokens such as `<0x0A>` that stand for single bytes (SentencePiece).
enum ByteFallback {
    static func token(for byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x" + (digits.count < 2 ? "0" : "") + digits + ">"
    }

    /// The byte that a token stands for, nil for other tokens.
    static func byte(of token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: "<0x".utf8), token[5] == UInt8(ascii: ">"),
            token[3] != UInt8(ascii: "-")
        else { return nil }
        return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
    }
}
