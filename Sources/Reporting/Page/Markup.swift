import Foundation

/// Elements of HTML and SVG as text that is well-formed XML, too.
enum Markup {
    /// An element; attribute values are escaped here, `content` is markup already.
    static func element(
        _ name: String,
        _ attributes: KeyValuePairs<String, String> = [:],
        _ content: String = ""
    ) -> String {
        let list = attributes.map { " \($0)=\"\($1.escaped)\"" }.joined()
        // HTML knows no self-closing form of elements such as <div>.
        let isVoid = content.isEmpty && voidNames.contains(name)
        return isVoid ? "<\(name)\(list)/>" : "<\(name)\(list)>\(content)</\(name)>"
    }

    private static let voidNames: Set = ["circle", "line", "meta", "path", "rect", "br"]
}

extension String {
    /// The text with what has a meaning in markup, or may not stand in it, replaced.
    var escaped: String {
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            // As they are, they would become spaces in attributes.
            case "\t", "\n", "\r": result += "&#\(scalar.value);"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}":
                result += "\u{FFFD}"
            // They would turn the texts around them, too.
            case _ where scalar.properties.isBidiControl: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Double {
    /// The number for people: `decimals` places, or words where there is none.
    func text(_ decimals: Int = 3) -> String {
        if isNaN { return "not a number" }
        if isInfinite { return self > 0 ? "infinite" : "-infinite" }
        if self != 0, abs(self) >= 1e9 || abs(self) < 0.5 * pow(10, -Double(decimals)) {
            return String(format: "%.2e", self)
        }
        return String(format: "%.\(decimals)f", self)
    }

    /// The number as a coordinate.
    var pixels: String { String(format: "%.1f", self) }
}
