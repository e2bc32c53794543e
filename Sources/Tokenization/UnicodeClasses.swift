/// The character classes of the pre-tokenizers.
///
/// They are those of the libraries that Hugging Face `tokenizers` 0.23.3 links: its regular
/// expressions (Oniguruma, and Rust's for `\w`) know Unicode 16, so that younger characters belong
/// to no class there. Rust's own tables, asked for digits, know Unicode 17.
enum UnicodeClasses {
    /// The classes of the word patterns: `\p{L}`, `\p{N}`, `\s` and the rest.
    enum Class: UInt8 {
        case letter
        case number
        case space
        case other
    }

    private static let ascii: [Class] = (0..<0x80 as Range<UInt32>).map(computedClass)

    @inline(__always)
    static func of(_ code: UInt32) -> Class {
        code < 0x80 ? ascii[Int(code)] : computedClass(code)
    }

    private static func computedClass(_ code: UInt32) -> Class {
        guard let scalar = Unicode.Scalar(code) else { return .other }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return isKnown(scalar) ? .letter : .other
        case .decimalNumber, .letterNumber, .otherNumber:
            return isKnown(scalar) ? .number : .other
        default:
            return isSpace(code) ? .space : .other
        }
    }

    /// Whether Unicode 16 has the character.
    static func isKnown(_ scalar: Unicode.Scalar) -> Bool {
        // All of these are old: the usual text takes the short way.
        if scalar.value < 0x370 { return true }
        guard let age = scalar.properties.age else { return false }
        return age.major <= 16
    }

    /// What the `Punctuation` stage cuts at: ASCII's, and that of Unicode 8.
    static func isPunctuation(_ code: UInt32) -> Bool {
        guard let scalar = Unicode.Scalar(code) else { return false }
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            return scalar.properties.age.map { $0.major <= 8 } ?? false
        case .mathSymbol, .currencySymbol, .modifierSymbol: return scalar.isASCII
        // These two have changed since.
        default: return code == 0x166d || code == 0x1_11c9
        }
    }

    /// What the `StripAccents` stage takes off: the marks of Unicode 9.
    static func isAccent(_ code: UInt32) -> Bool {
        guard let scalar = Unicode.Scalar(code) else { return false }
        switch scalar.properties.generalCategory {
        // These three have changed since.
        case .nonspacingMark, .spacingMark, .enclosingMark:
            return UnicodeForm.isKnown(scalar) && code != 0x1_11c9
        default: return code == 0x1cf2 || code == 0x1cf3
        }
    }

    /// Rust's `char::is_numeric`.
    static func isDigit(_ code: UInt32) -> Bool {
        if code < 0x80 { return (0x30...0x39).contains(code) }
        switch Unicode.Scalar(code)?.properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: return true
        default: return false
        }
    }

    /// `\s`, the property White_Space.
    static func isSpace(_ code: UInt32) -> Bool {
        switch code {
        case 0x09...0x0d, 0x20, 0x85, 0xa0, 0x1680, 0x2000...0x200a, 0x2028, 0x2029, 0x202f, 0x205f,
            0x3000:
            true
        default: false
        }
    }

    /// `\w` of Rust's regular expressions (Unicode technical standard 18, annex C).
    static func isWord(_ code: UInt32) -> Bool {
        guard let scalar = Unicode.Scalar(code), isKnown(scalar) else { return false }
        let properties = scalar.properties
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
            return true
        default: return false
        }
    }
}
