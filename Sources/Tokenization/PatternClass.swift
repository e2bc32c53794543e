/// A set of characters in a pattern: `[a-z]`, `\d`, `\p{Lu}` and what is made of them.
indirect enum PatternClass: Sendable {
    case range(ClosedRange<UInt32>)
    case property(Property)
    /// A class of the library's own tables.
    case table(@Sendable (UInt32) -> Bool)
    case union([Self])
    case intersection([Self])
    case complement(Self)

    /// A property of characters by the rules of Oniguruma, with the tables of Unicode 16.
    enum Property: Sendable {
        /// General categories, a bit each.
        case categories(UInt32)
        case alphabetic
        case uppercase
        case lowercase
    }

    static let any = range(0...0x10_ffff)
    static let lineEnd = range(0x0a...0x0a)
    static let space = table(UnicodeClasses.isSpace)
    /// `\w` inside brackets.
    static let bracketWord = table { code in
        // Unlike in Rust's `\w`, the joiners do not belong.
        UnicodeClasses.isWord(code) && code != 0x200c && code != 0x200d
    }
    /// `\w` elsewhere, which has ², ³, ¹, ¼, ½ and ¾ besides.
    static let word = union([
        bracketWord, range(0xb2...0xb3), range(0xb9...0xb9), range(0xbc...0xbe),
    ])
    static let digit = property(.categories(mask(["Nd"])))
    static let hexadecimal = union([
        range(0x30...0x39), range(0x41...0x46), range(0x61...0x66),
    ])

    static func character(_ code: UInt32) -> Self { .range(code...code) }

    func contains(_ code: UInt32) -> Bool {
        switch self {
        case .range(let range): range.contains(code)
        case .property(let property): property.contains(code)
        case .table(let contains): contains(code)
        case .union(let sets): sets.contains { $0.contains(code) }
        case .intersection(let sets): sets.allSatisfy { $0.contains(code) }
        case .complement(let set): !set.contains(code)
        }
    }

    /// The categories whose short names start with one of `names`, as bits.
    private static func mask(_ names: [String]) -> UInt32 {
        categories.enumerated().reduce(0) { mask, entry in
            names.contains { entry.element.hasPrefix($0) } ? mask | 1 << entry.offset : mask
        }
    }

    /// The short names of the general categories, each at its bit.
    private static let categories = [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc",
        "Cf", "Co", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ]

    /// The class of `\p{name}`; nil for names that are not served.
    init?(property name: String) {
        let mask = Self.mask([name])
        guard (1...2).contains(name.count), mask != 0 else { return nil }
        self = .property(.categories(mask))
    }

    /// The class of `[:name:]`; nil for names that are not served.
    init?(bracket name: String) {
        switch name {
        case "alpha": self = .property(.alphabetic)
        case "alnum": self = .union([.property(.alphabetic), .digit])
        case "upper": self = .property(.uppercase)
        case "lower": self = .property(.lowercase)
        case "digit": self = .digit
        case "xdigit": self = .hexadecimal
        case "space": self = .space
        case "word": self = .bracketWord
        case "punct": self = .property(.categories(Self.mask(["P", "S"])))
        default: return nil
        }
    }
}

extension PatternClass.Property {
    func contains(_ code: UInt32) -> Bool {
        // U+0295 is a small letter up to Unicode 16, and "a" is one ever since.
        guard let scalar = Unicode.Scalar(code == 0x295 ? 0x61 : code) else { return false }
        let isKnown = UnicodeClasses.isKnown(scalar)
        let properties = scalar.properties
        switch self {
        case .categories(let mask):
            return mask & Self.bit(isKnown ? properties.generalCategory : .unassigned) != 0
        case .alphabetic: return isKnown && properties.isAlphabetic
        case .uppercase: return isKnown && properties.isUppercase
        case .lowercase: return isKnown && properties.isLowercase
        }
    }

    /// The bit of a category in the order of `categories`.
    private static func bit(_ category: Unicode.GeneralCategory) -> UInt32 {
        let position =
            switch category {
            case .uppercaseLetter: 0
            case .lowercaseLetter: 1
            case .titlecaseLetter: 2
            case .modifierLetter: 3
            case .otherLetter: 4
            case .nonspacingMark: 5
            case .spacingMark: 6
            case .enclosingMark: 7
            case .decimalNumber: 8
            case .letterNumber: 9
            case .otherNumber: 10
            case .spaceSeparator: 11
            case .lineSeparator: 12
            case .paragraphSeparator: 13
            case .control: 14
            case .format: 15
            case .privateUse: 16
            case .connectorPunctuation: 17
            case .dashPunctuation: 18
            case .openPunctuation: 19
            case .closePunctuation: 20
            case .initialPunctuation: 21
            case .finalPunctuation: 22
            case .otherPunctuation: 23
            case .mathSymbol: 24
            case .currencySymbol: 25
            case .modifierSymbol: 26
            case .otherSymbol: 27
            case .surrogate, .unassigned: 28
            @unknown default: 28
            }
        return 1 << position
    }
}
