import Foundation

/// The Unicode normalization forms (Unicode standard annex 15).
///
/// The library to match has the tables of Unicode 9: it leaves younger characters alone and moves
/// nothing across them, so text is normalized between them.
enum UnicodeForm: String, Sendable {
    case nfc = "NFC"
    case nfd = "NFD"
    case nfkc = "NFKC"
    case nfkd = "NFKD"

    func normalize(_ text: [UInt8]) -> [UInt8] {
        // Nothing below U+0080 changes in any form.
        if text.allSatisfy({ $0 < 0x80 }) { return text }
        let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
        if self == .nfc, scalars.allSatisfy(Self.isInert) { return text }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var known = String.UnicodeScalarView()
        for scalar in scalars {
            if Self.isKnown(scalar) {
                known.append(scalar)
            } else {
                result += transform(String(known))
                known = .init()
                result += String(scalar).utf8
            }
        }
        return result + transform(String(known))
    }

    static func isKnown(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x370 { return true }
        guard let age = scalar.properties.age else { return false }
        return age.major <= 9
    }

    /// Whether NFC neither changes the character nor joins it to another inert one; true for the
    /// usual characters only, as a short way.
    private static func isInert(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x300, 0x400..<0x483, 0x2010..<0x2028, 0x3000..<0x302a, 0x3041..<0x3095,
            0x30a0..<0x3100, 0x4e00..<0xa000, 0xac00..<0xd7a4, 0xff00..<0xfff0, 0x1f300..<0x1f700:
            true
        default: false
        }
    }

    private func transform(_ text: String) -> [UInt8] {
        if text.isEmpty { return [] }
        let isCompatibility = self == .nfkc || self == .nfkd
        let apart =
            isCompatibility
            ? text.decomposedStringWithCompatibilityMapping
            : text.decomposedStringWithCanonicalMapping
        // Once more: Foundation leaves marks out of order where a character becomes marks only, or
        // a space and a mark.
        let ordered = apart.decomposedStringWithCanonicalMapping
        let composes = self == .nfc || self == .nfkc
        return Array(composes ? CanonicalComposition.compose(ordered).utf8 : ordered.utf8)
    }
}

/// The second half of NFC and NFKC: joins characters to the marks behind them.
///
/// Foundation's own composition turns old Korean letters (U+1113 and up) to U+FFFD.
enum CanonicalComposition {
    /// The composite of each pair, by first and second character.
    private static let composites: [UInt64: Unicode.Scalar] = {
        var composites: [UInt64: Unicode.Scalar] = [:]
        // Where Unicode 9 has canonical composites, Korean ones aside.
        let blocks: [ClosedRange<UInt32>] = [
            0xc0...0x233, 0x344...0x4ff, 0x600...0x6ff, 0x900...0xfff, 0x1000...0x10ff,
            0x1b00...0x1bff, 0x1e00...0x22ff, 0x3040...0x30ff, 0x1_1000...0x1_16ff,
        ]
        // Shorter decompositions first: a longer one starts with a composite of its own.
        let found = blocks.joined().compactMap(Unicode.Scalar.init).compactMap(decomposition)
            .sorted { $0.parts.count < $1.parts.count }
        for (scalar, parts) in found {
            var first = parts[0]
            for part in parts.dropFirst().dropLast() {
                first = composites[key(first, part)] ?? first
            }
            composites[key(first, parts[parts.count - 1])] = scalar
        }
        return composites
    }()

    /// The parts of a character that NFC puts together again; nil for others.
    private static func decomposition(
        _ scalar: Unicode.Scalar
    ) -> (scalar: Unicode.Scalar, parts: [Unicode.Scalar])? {
        guard UnicodeForm.isKnown(scalar) else { return nil }
        let text = String(scalar)
        let parts = Array(text.decomposedStringWithCanonicalMapping.unicodeScalars)
        let composed = text.precomposedStringWithCanonicalMapping.unicodeScalars
        return parts.count > 1 && Array(composed) == [scalar] ? (scalar, parts) : nil
    }

    private static func key(_ first: Unicode.Scalar, _ second: Unicode.Scalar) -> UInt64 {
        UInt64(first.value) << 32 | UInt64(second.value)
    }

    /// Composes text that is decomposed and in order.
    static func compose(_ text: String) -> String {
        var result: [Unicode.Scalar] = []
        /// Where the last character of class 0 stands in `result`.
        var starter: Int?
        var lastClass: UInt8 = 0
        for scalar in text.unicodeScalars {
            let combiningClass = scalar.properties.canonicalCombiningClass.rawValue
            // A mark joins unless one of its class or higher stands between.
            let isNext = starter.map { $0 == result.count - 1 } ?? false
            if let starter, isNext || lastClass != 0 && lastClass < combiningClass,
                let composite = composite(result[starter], scalar)
            {
                result[starter] = composite
                continue
            }
            if combiningClass == 0 { starter = result.count }
            lastClass = combiningClass
            result.append(scalar)
        }
        var composed = String.UnicodeScalarView()
        composed.append(contentsOf: result)
        return String(composed)
    }

    private static func composite(
        _ first: Unicode.Scalar,
        _ second: Unicode.Scalar
    ) -> Unicode.Scalar? {
        // Korean syllables: (leading * 21 + vowel) * 28 + trailing.
        switch (first.value, second.value) {
        case (0x1100...0x1112, 0x1161...0x1175):
            let pair = (first.value - 0x1100) * 21 + second.value - 0x1161
            return Unicode.Scalar(0xac00 + pair * 28)
        case (0xac00...0xd7a3, 0x11a8...0x11c2) where (first.value - 0xac00).isMultiple(of: 28):
            return Unicode.Scalar(first.value + second.value - 0x11a7)
        default: return composites[key(first, second)]
        }
    }
}
