import Foundation

extension Unicode.Scalar {
    /// Whether what shows texts shows this scalar, and does not obey it, as terminals obey control
    /// characters and marks that turn the direction of writing.
    public var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}

extension String {
    /// The text on one line, with an escape such as `\u{1B}` for each scalar that is not printable.
    public var printable: String { printable(keeping: nil) }

    /// As ``printable``, of each of the lines.
    public var printableLines: String { printable(keeping: "\n") }

    private func printable(keeping kept: Unicode.Scalar?) -> String {
        replacingUnprintable(keeping: kept) { $0.escaped(asASCII: true) }
    }

    /// The JSON text with an escape for each scalar that is not printable and no end of a line;
    /// those can stand inside its strings only.
    var printableJSON: String {
        replacingUnprintable(keeping: "\n") { scalar in
            scalar.utf16.map { String(format: "\\u%04x", $0) }.joined()
        }
    }

    private func replacingUnprintable(
        keeping kept: Unicode.Scalar?,
        by escape: (Unicode.Scalar) -> String
    ) -> String {
        if utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return self }
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if scalar == kept || scalar.isPrintable {
                result.append(scalar)
            } else {
                result.append(contentsOf: escape(scalar).unicodeScalars)
            }
        }
        return String(result)
    }
}
