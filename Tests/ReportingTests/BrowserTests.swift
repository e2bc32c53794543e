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
            for (name, text) in RunFiles.all[0].files { try run.write(name, text) }
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

    @Test("The check finds a box that is too wide and texts that overlap or are cut")
    func check() throws {
        let chart = { (content: String) in
            Markup.element("svg", ["viewBox": "0 0 300 100", "width": "300"], content)
        }
        let text = { (x: String) in Markup.element("text", ["x": x, "y": "50"], "some text") }
        let pages = [
            "<div style=\"width:400px\">wide</div>", chart(text("10") + text("12")),
            chart(text("280")),
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

/// Chromium without a window.
enum Browser {
    static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// What is cut, overlaps or is wider than the page at a width in pixels.
    static func faults(of page: String, width: Int, in run: WrittenRun) throws -> [String] {
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
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: try #require(path))
        process.arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
            "--user-data-dir=\(run.folder.path)/browser", "--virtual-time-budget=5000",
            "--dump-dom", run.folder.appendingPathComponent("frame.html").absoluteString,
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let text = String(decoding: data, as: UTF8.self)
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
            document.querySelector("pre").textContent = ["done", ...faults].join("\\n") + "\\n"
        }
        """
}
