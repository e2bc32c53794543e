import ClientSupport
import Foundation
import Testing

@testable import Reporting

/// The page as Chromium lays it out; skipped where that is not installed.
@Suite("Reports in a browser", .serialized, .enabled(if: Browser.path != nil))
struct BrowserTests {
    @Test(
        "Nothing is cut or overlaps, on phones and desktops, with tables closed and open",
        arguments: [360, 1280],
        [false, true]
    )
    func layout(width: Int, isOpen: Bool) throws {
        try withRun { run in
            for (name, text) in WrittenFiles.all[0].files { try run.write(name, text) }
            let record = try run.record(
                name: "a-run-with-a-rather-long-name-without-any-space-in-it",
                settings: [("model", "/a/long/path/" + String(repeating: "x", count: 90))]
            )
            let html = try RunReport(record).html
            let page = isOpen ? html.replacing("<details>", with: "<details open=\"open\">") : html
            let faults = try Browser.faults(of: page, width: width, in: run)
            #expect(faults.isEmpty, "\(faults)")
        }
    }

    @Test(
        "A page with many answers, long texts and a policy is laid out as well, light and dark",
        arguments: [360, 1280],
        [false, true]
    )
    func classes(width: Int, isDark: Bool) throws {
        try withRun { run in
            let names = (0..<77).map { "an_intent_with_a_long_name_\($0)" }
            let made = WrittenClasses(names: names) { index in
                String(repeating: index.isMultiple(of: 2) ? "long" : "a word ", count: 60)
            }
            try made.write(.error(atMost: 0.5, confidence: 0.9), to: run)
            let dark = "@media screen and (prefers-color-scheme:dark)"
            let page = try run.report().html
                .replacing("<details>", with: "<details open=\"open\">")
                .replacing(dark, with: isDark ? "@media all" : "@media print")
            let faults = try Browser.faults(of: page, width: width, in: run)
            #expect(faults.isEmpty, "\(faults)")
        }
    }

    @Test(
        "The page of a comparison is laid out as well, and readable on light and dark screens",
        arguments: [360, 1280],
        [false, true]
    )
    func comparison(width: Int, isDark: Bool) throws {
        try withRun { run in
            try MadeComparison().write(to: run)
            let dark = "@media screen and (prefers-color-scheme:dark)"
            let html = try run.comparisonReport(name: String(repeating: "long-name-", count: 9))
                .html
            #expect(html.contains(dark))
            let page = html.replacing("<details>", with: "<details open=\"open\">")
                .replacing(dark, with: isDark ? "@media all" : "@media print")
            let faults = try Browser.faults(of: page, width: width, in: run)
            #expect(faults.isEmpty, "\(faults)")
        }
    }

    @Test("Names of any length and script leave the page of a comparison as wide as the screen")
    func names() throws {
        let methods = [
            "map", String(repeating: "long", count: 60), String(repeating: "名", count: 60),
        ]
        try withRun { run in
            let made = MadeComparison(tasks: ["films"], methods: methods, seeds: [1], examples: 9)
            try made.write(to: run)
            let file = run.folder.appendingPathComponent("results.json")
            let task = "=<b>&\u{301}" + String(repeating: "W", count: 200) + "مرحبا"
            let text = try String(contentsOf: file, encoding: .utf8)
                .replacing("\"task\":\"films\"", with: "\"task\":\"\(task)\"")
            try run.write("results.json", text)
            let faults = try Browser.faults(of: run.comparisonReport().html, width: 360, in: run)
            #expect(faults.isEmpty, "\(faults)")
        }
    }

    @Test("The check finds wide boxes, texts that overlap or are cut, pale ones, missing images")
    func check() throws {
        let chart = { (content: String) in
            Markup.element("svg", ["viewBox": "0 0 300 100", "width": "300"], content)
        }
        let text = { (x: String) in Markup.element("text", ["x": x, "y": "50"], "some text") }
        let pages = [
            "<div style=\"width:400px\">wide</div>", chart(text("10") + text("12")),
            chart(text("280")), "<p style=\"color:#888\">pale</p>",
            chart("<path class=\"line\" d=\"M0 0L9 9\" style=\"stroke:#aaa\"/>"),
            "<img src=\"missing.png\" alt=\"\"/>",
        ]
        try withRun { run in
            for page in pages {
                let body = "<!DOCTYPE html><body>\(page)</body>"
                let faults = try Browser.faults(of: body, width: 360, in: run)
                #expect(!faults.isEmpty, "\(page)")
            }
        }
    }
}

extension Browser {
    /// What is cut, overlaps or is wider than the page at a width in pixels.
    fileprivate static func faults(
        of page: String,
        width: Int,
        in run: WrittenRun
    ) throws -> [String] {
        try run.write("page.html", page)
        // A window may not be as narrow as a phone, but a frame in it may.
        try run.write(
            "frame.html",
            """
            <!DOCTYPE html><meta charset="utf-8"><pre id="found"></pre>
            <iframe src="page.html" style="border:0;width:\(width)px;height:9000px"></iframe>
            <script>\(script)</script>
            """
        )
        let frame = run.folder.appendingPathComponent("frame.html")
        let text = try content(of: frame, in: run.folder)
        let start = try #require(text.range(of: "<pre id=\"found\">done\n"), "\(text)")
        let end = try #require(text.range(of: "</pre>"))
        return text[start.upperBound..<end.lowerBound].split(separator: "\n").map(String.init)
    }

    private static let script = """
        document.querySelector("iframe").onload = event => {
            const page = event.target.contentDocument, faults = []
            const width = page.documentElement.clientWidth
            if (page.documentElement.scrollWidth > width) faults.push("the page scrolls sideways")
            for (const element of page.querySelectorAll("body *"))
                if (!element.closest(".scroll, svg")
                    && element.getBoundingClientRect().right > width + 1)
                    faults.push("too wide: " + element.tagName)
            for (const chart of page.querySelectorAll("svg")) {
                const box = chart.getBoundingClientRect()
                const texts = [...chart.querySelectorAll("text")]
                    .map(text => [text.textContent, text.getBoundingClientRect()])
                texts.forEach(([name, one], index) => {
                    if (one.left < box.left - 1 || one.right > box.right + 1
                        || one.top < box.top - 1 || one.bottom > box.bottom + 1)
                        faults.push("cut: " + name)
                    for (const [other, two] of texts.slice(0, index))
                        if (one.left < two.right - 1 && two.left < one.right - 1
                            && one.top < two.bottom - 3 && two.top < one.bottom - 3)
                            faults.push("overlap: " + name + ", " + other)
                })
            }
            const brightness = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number)
                .map(part => part / 255)
                .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
                .reduce((sum, part, index) => sum + part * [.2126, .7152, .0722][index], 0)
            const ground = element => {
                if (!element) return 1
                const colour = page.defaultView.getComputedStyle(element).backgroundColor
                return colour.endsWith(", 0)") ? ground(element.parentElement) : brightness(colour)
            }
            // WCAG 2: 4.5 for texts, 3 for lines.
            const readable = (element, property, least) => {
                const colour = page.defaultView.getComputedStyle(element)[property]
                const pair = [brightness(colour), ground(element)].sort((a, b) => b - a)
                if ((pair[0] + .05) / (pair[1] + .05) < least)
                    faults.push("pale: " + element.textContent + element.classList)
            }
            const written = "h1, h2, h3, p, figcaption, th, td, summary"
            for (const text of page.querySelectorAll(written)) readable(text, "color", 4.5)
            for (const text of page.querySelectorAll("svg text")) readable(text, "fill", 4.5)
            for (const line of page.querySelectorAll("svg .line")) readable(line, "stroke", 3)
            for (const image of page.images)
                if (!image.naturalWidth) faults.push("not loaded: " + image.src)
            document.querySelector("pre").textContent = ["done", ...faults].join("\\n") + "\\n"
        }
        """
}
