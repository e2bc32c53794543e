import ClientSupport
import Foundation
import JSON
import Randomness
import Testing

@testable import Reporting

#if canImport(FoundationXML)
import FoundationXML
#endif

/// Texts of all that some format gives a meaning, of marks that could hide it, and of letters.
enum HostileTexts {
    private static let pieces: [String] =
        "&<>\"'`|\\,;=+-@#%$_{}[]()*~^!/ \t\r\n".unicodeScalars.map { String($0) }
        + ["\r\n", "\u{301}", "\u{338}", "\u{200D}", "\u{FE0F}", "\u{0}", "\u{1B}[31m", "\u{9B}2J"]
        + [
            "\u{7F}", "\u{85}", "\u{202E}", "\u{2066}", "\u{2028}", "\u{FEFF}", "\u{FFFE}",
            "\u{FFFD}",
        ]
        + [
            "</td>", "<script>", "]]>", "--", "<!--", "\\input{x}", "\\end{tabular}", "=1+1", "a",
            "Z",
        ]
        + ["é", "þ", "ß", "中", "ж", "👩‍👩‍👧", "＝", "“", "0"]

    /// Some hundred texts, the same each time.
    static let all: [String] = {
        var random = SplitMix64(seed: 11)
        let mixed = (0..<400).map { _ in
            (0..<(1 + random.next(below: 9))).map { _ in pieces[random.next(below: pieces.count)] }
                .joined()
        }
        return pieces + pieces.map { $0 + "\u{301}" } + mixed
    }()

    /// A table that has each text in a cell of each column.
    static var table: DataTable { DataTable(["a", "b"], all.map { [$0, $0] }) }
}

/// What a parser finds in an XML document: the texts of some elements, and values of attributes.
private final class Finder: NSObject, XMLParserDelegate {
    private let elements: Set<String>
    private(set) var texts: [String] = []
    private(set) var attributes: [String] = []
    private var isInside = false

    init(_ elements: Set<String>) { self.elements = elements }

    static func read(_ document: String, _ elements: Set<String>) throws -> Finder {
        let (parser, finder) = (XMLParser(data: Data(document.utf8)), Finder(elements))
        parser.delegate = finder
        try #require(parser.parse() && parser.parserError == nil)
        return finder
    }

    func parser(
        _: XMLParser,
        didStartElement name: String,
        namespaceURI: String?,
        qualifiedName: String?,
        attributes found: [String: String]
    ) {
        attributes += found.values
        guard elements.contains(name) else { return }
        texts.append("")
        isInside = true
    }

    func parser(
        _: XMLParser,
        didEndElement _: String,
        namespaceURI _: String?,
        qualifiedName _: String?
    ) {
        isInside = false
    }

    func parser(_: XMLParser, foundCharacters text: String) {
        if isInside { texts[texts.count - 1].unicodeScalars += text.unicodeScalars }
    }
}

private func same(_ one: [String], _ other: [String]) -> Bool {
    one.map { Array($0.utf8) } == other.map { Array($0.utf8) }
}

@Suite("Texts from outside in what is written")
struct HostileTextTests {
    /// What markup keeps of a text: what may not stand in XML or turns others is replaced.
    private func kept(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { scalar -> Character in
            let isControl = scalar.properties.generalCategory == .control
            let isReplaced =
                isControl && !"\t\n\r".unicodeScalars.contains(scalar) || scalar == "\u{FFFE}"
                || (0x202A...0x202E).contains(scalar.value)
                || (0x2066...0x2069).contains(scalar.value)
            return Character(isReplaced ? "\u{FFFD}" : scalar)
        }
        return scalars.map(String.init).joined()
    }

    @Test("HTML is read back as XML with the same texts in cells and attributes")
    func html() throws {
        let texts = HostileTexts.all
        let cells = try Finder.read(HostileTexts.table.html, ["th", "td"]).texts
        #expect(same(Array(cells.dropFirst(2)), texts.flatMap { [kept($0), kept($0)] }))
        let page = HTMLPage(title: "t", sections: texts.map { Markup.element("p", ["title": $0]) })
        let attributes = try Finder.read(page.text, ["p"]).attributes
        #expect(same(Array(attributes.suffix(texts.count)), texts.map(kept)))
    }

    @Test("SVG is read back as XML with the same titles, labels and names")
    func svg() throws {
        for text in HostileTexts.all {
            let line = Mark(
                name: text,
                shape: .line([Point(x: 0, y: 0), Point(x: 1, y: 1)]),
                style: SeriesStyle(colour: 1)
            )
            let chart = Chart(
                title: text,
                x: Axis(text, 0...1),
                y: Axis(text, 0...1),
                marks: [line]
            )
            let found = try Finder.read(chart.svg, ["text"])
            #expect(found.attributes.contains { same([$0], [kept(text)]) }, "\(text.printable)")
            let expected = [text, "↑ " + text, text].map(kept)
            #expect(expected.allSatisfy { text in found.texts.contains { same([$0], [text]) } })
        }
    }

    @Test("A Markdown table has its columns, and cells that say the same")
    func markdown() {
        let lines = HostileTexts.table.markdown.unicodeScalars.split(separator: "\n")
        #expect(lines.count == 2 + HostileTexts.all.count)
        for (line, text) in zip(lines.dropFirst(2), HostileTexts.all) {
            var cells = [""]
            var isEscaped = false
            for scalar in line {
                if scalar == "|" && !isEscaped {
                    cells.append("")
                } else if scalar != "\\" || isEscaped {
                    cells[cells.count - 1].unicodeScalars.append(scalar)
                }
                isEscaped = scalar == "\\" && !isEscaped
            }
            #expect(same(cells, ["", " \(text.printable) ", " \(text.printable) ", ""]))
        }
    }

    @Test("A table for a terminal has a line a row and nothing that a terminal obeys")
    func terminal() {
        let lines = HostileTexts.table.text.unicodeScalars
            .split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 1 + HostileTexts.all.count)
        #expect(lines.joined().allSatisfy { $0.isPrintable })
    }

    /// The texts with the apostrophe that keeps spreadsheets from computing.
    private var guarded: [String] {
        let starts = "=+-@\t\r\n'＝＋－＠".unicodeScalars
        return HostileTexts.all.map { text in
            text.unicodeScalars.first.map(starts.contains) == true ? "'" + text : text
        }
    }

    @Test(
        "Python reads the same texts from CSV, with an apostrophe before what would be a formula",
        .enabled(if: Program.python != nil, "python3 is not installed")
    )
    func csv() throws {
        let csv = HostileTexts.all.map { "x,\($0.inCSV),1\r\n" }.joined()
        let script =
            "import csv, json, sys; from io import TextIOWrapper as Text; "
            + "json.dump([row for row in csv.reader(Text(sys.stdin.buffer, 'utf8', newline=''))], "
            + "sys.stdout)"
        try withRun { run in
            try run.write("table.csv", csv)
            let found = try Program.run(
                Program.python,
                ["-c", script],
                in: run.folder,
                input: "table.csv"
            )
            let rows = try JSONDecoder().decode([[String]].self, from: Data(found.output.utf8))
            #expect(rows.allSatisfy { $0.count == 3 })
            #expect(same(rows.map { $0[1] }, guarded))
            #expect(
                Set(rows.map { Array($0[1].utf8) }).count
                    == Set(HostileTexts.all.map { Array($0.utf8) }).count
            )
        }
    }

    @Test(
        "LaTeX compiles names of every kind, and those of a whole comparison",
        .enabled(if: Program.latex != nil, "pdflatex with booktabs is not installed")
    )
    func latex() throws {
        try withRun { run in
            try MadeComparison(seeds: [1], examples: 10).write(to: run)
            let tables = ComparisonTables(
                try run.comparison(),
                try ComparisonSummary(run.comparison(), resamples: 2)
            )
            let rows = HostileTexts.all.map { "x & \($0.inLaTeX) & y \\\\\n" }
            try run.write(
                "page.tex",
                """
                \\documentclass{article}
                \\usepackage{booktabs}
                \\begin{document}
                \(tables.latex)

                \(rows.map { "\\begin{tabular}{lll}\n\($0)\\end{tabular}\n\n" }.joined())
                \\end{document}
                """
            )
            let arguments = ["-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape"]
            let found = try Program.run(Program.latex, arguments + ["page.tex"], in: run.folder)
            #expect(found.exitCode == 0, "\(found.output.suffix(2000))")
            #expect(!found.output.contains("Missing character"))
        }
    }
}

/// Programs that only some machines have.
enum Program {
    static let python = find("python3")
    static let latex = find("kpsewhich").flatMap { finder in
        let found = try? run(finder, ["booktabs.sty"], in: FileManager.default.temporaryDirectory)
        return found?.exitCode == 0 ? find("pdflatex") : nil
    }

    private static func find(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            .map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs a program to its end, with a file of the folder as its input.
    static func run(
        _ path: String?,
        _ arguments: [String],
        in folder: URL,
        input: String? = nil
    ) throws -> (exitCode: Int32, output: String) {
        let (process, output) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: try #require(path))
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardOutput = output
        process.standardInput =
            try input.map {
                try FileHandle(forReadingFrom: folder.appendingPathComponent($0))
            } ?? FileHandle.nullDevice
        try process.runLimited()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}
