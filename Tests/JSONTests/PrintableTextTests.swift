import Foundation
import Testing

@testable import JSON

/// What a terminal must not be sent: C0, DEL, C1, zero widths, turned writing, ends of lines.
private let obeyed =
    ["\u{0}", "\u{7}", "\u{8}", "\r", "\t", "\u{1B}[2J", "\u{7F}", "\u{9B}31m"]
    + ["\u{AD}", "\u{61C}", "\u{200B}", "\u{200D}", "\u{200E}", "\u{2028}", "\u{2029}"]
    + ["\u{202A}", "\u{202E}", "\u{2066}", "\u{2069}", "\u{FEFF}", "\u{E0041}"]

@Suite("Texts for terminals")
struct PrintableTextTests {
    @Test("What a terminal would obey is written out, also under a mark", arguments: obeyed)
    func escapes(_ text: String) throws {
        for hostile in [text, "a\(text)b", "\(text)\u{301}", "é\(text)"] {
            for shown in [hostile.printable, hostile.printableLines, hostile.quoted] {
                #expect(shown.unicodeScalars.allSatisfy { $0.isPrintable }, "\(shown)")
                #expect(shown.contains("\\"))
            }
            let lines = try JSONLines.line([hostile])
            let file = try JSONFile.text(of: [hostile])
            for json in [String(decoding: lines, as: UTF8.self), file] {
                let scalars = json.unicodeScalars
                #expect(scalars.allSatisfy { $0.isPrintable || $0 == "\n" }, "\(json)")
                let read = try JSONDecoder().decode([String].self, from: Data(json.utf8))
                #expect(read.map { Array($0.utf8) } == [Array(hostile.utf8)])
            }
        }
    }

    @Test(
        "All else is shown as it is",
        arguments: [
            "", "plain", "Zoë", "北京", "пример", "مثال", "👍🏽", "a\u{301}", "back\\slash \"q\"",
        ]
    )
    func same(_ text: String) throws {
        #expect(text.printable == text && text.printableLines == text)
        #expect((text + "\n" + text).printableLines == text + "\n" + text)
        #expect((text + "\n" + text).printable == text + "\\n" + text)
    }
}
