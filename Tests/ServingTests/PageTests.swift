import Foundation
import TestSupport
import Testing

@testable import Serving

/// The page as Chromium lays it out; skipped where that is not installed.
@Suite("The page in a browser", .serialized, .enabled(if: Browser.path != nil))
struct PageTests {
    @Test("Under its policy the page runs its script, and knows what is served")
    func loads() async throws {
        try await withServer(MadeEngine()) { port in
            let text = try await onThread {
                try withTemporaryFolder {
                    try Browser.content(of: "http://127.0.0.1:\(port)/", in: $0)
                }
            }
            #expect(text.contains("<option>second</option>"))
            #expect(text.contains("How frustrated is the customer?") || text.contains("Score"))
        }
    }

    @Test(
        "Nothing is cut, texts are readable and the keyboard does, on phones and light and dark",
        arguments: [360, 1280],
        [false, true]
    )
    func layout(width: Int, isDark: Bool) async throws {
        let page = String(decoding: Page.response().body, as: UTF8.self)
            .replacing("(prefers-color-scheme: dark)", with: isDark ? "all" : "print")
        let faults = try await onThread {
            try withTemporaryFolder { try Browser.faults(of: page, width: width, in: $0) }
        }
        #expect(faults.isEmpty, "\(faults)")
    }
}

/// Chromium without a window.
enum Browser {
    static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// The document at an address once its script has run.
    static func content(of address: String, in folder: URL) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: try #require(path))
        process.arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files",
            "--user-data-dir=\(folder.path)/browser", "--virtual-time-budget=5000", "--dump-dom",
            address,
        ]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    /// What is wrong with the page at a width in pixels, after it was given an answer.
    static func faults(of page: String, width: Int, in folder: URL) throws -> [String] {
        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: folder.appendingPathComponent(name))
        }
        let answered = page.replacing("\"use strict\"", with: "\"use strict\"\n\(madeServer)")
        try write("page.html", answered)
        // A window may not be as narrow as a phone, but a frame in it may.
        try write(
            "frame.html",
            """
            <!DOCTYPE html><meta charset="utf-8"><pre id="found"></pre>
            <iframe src="page.html" style="border:0;width:\(width)px;height:3000px"></iframe>
            <script>\(check)</script>
            """
        )
        let frame = folder.appendingPathComponent("frame.html").absoluteString
        let text = try content(of: frame, in: folder)
        let start = try #require(text.range(of: "<pre id=\"found\">done\n"), "\(text)")
        let end = try #require(text.range(of: "</pre>"))
        return text[start.upperBound..<end.lowerBound].split(separator: "\n").map(String.init)
    }

    /// A server of one answer a question, with names as long as any.
    private static let madeServer = """
        window.fetch = async (path, request) => ({ ok: true, status: 200, json: async () => {
            if (path === "/v1/models")
                return { models: [{ name: "a-run-with-a-name-".repeat(6) }] }
            const x = { x_entropy: 0.5, x_mutual_information: 0.01 }, long = "long".repeat(30)
            return { model: "m", usage: { input_tokens: 9 }, answers: {
                refund: { type: "noul", noul: 0.75, ...x, x_spread: { true: 0.2, false: 0.2 } },
                [long]: { type: "choice", choice: long, confidence: 0.4,
                    probabilities: { [long]: 0.7, other: 0.3 }, ...x },
                anger: { type: "score", score: 0.5, legend: { 0: "Calm", 1: long },
                    probabilities: { 0: 0.5, 1: 0.5 }, confidence: 0.1, x_abstain: true, ...x } } }
        } })
        """

    private static let check = """
        const frame = document.querySelector("iframe"), faults = []
        const pause = () => new Promise(done => setTimeout(done, 300))
        frame.onload = async () => {
            const page = frame.contentDocument
            await pause()
            page.querySelector("#ask").click()
            await pause()
            const slider = page.querySelector("#threshold")
            slider.value = 0.45
            slider.dispatchEvent(new Event("input"))
            const marks = [...page.querySelectorAll(".mark")].map(mark => mark.textContent)
            if (marks.length !== 3) faults.push("answers: " + marks.length)
            const abstains = marks.map(mark => mark.startsWith("abstains")).join()
            if (abstains !== "false,true,true") faults.push("abstains: " + abstains)
            if (!page.querySelector(".spread")) faults.push("no spread is shown")
            for (const button of page.querySelectorAll("[data-add]")) button.click()
            const width = page.documentElement.clientWidth
            if (page.documentElement.scrollWidth > width) faults.push("the page scrolls sideways")
            for (const element of page.querySelectorAll("body *"))
                if (element.getBoundingClientRect().right > width + 1)
                    faults.push("too wide: " + element.tagName)
            for (const field of page.querySelectorAll("input, textarea, select"))
                if (!field.labels.length) faults.push("without a label: " + field.outerHTML)
            const style = element => frame.contentWindow.getComputedStyle(element)
            const brightness = colour => colour.match(/[\\d.]+/g).slice(0, 3).map(Number)
                .map(part => part / 255)
                .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
                .reduce((sum, part, index) => sum + part * [.2126, .7152, .0722][index], 0)
            const ground = element => {
                if (!element) return 1
                const colour = style(element).backgroundColor
                return colour.endsWith(", 0)") ? ground(element.parentElement) : brightness(colour)
            }
            const contrast = (one, other) => {
                const pair = [one, other].sort((a, b) => b - a)
                return (pair[0] + .05) / (pair[1] + .05)
            }
            // WCAG 2: 4.5 for texts.
            const written = "h1, h2, p, label, legend, button, span, input"
            for (const text of page.querySelectorAll(written)) {
                if (contrast(brightness(style(text).color), ground(text)) < 4.5)
                    faults.push("pale: " + text.outerHTML)
            }
            // WCAG 2: 3 for bars, edges of fields and what shows the focus. The elements that are
            // there by nature take Tab, Enter and Space.
            for (const bar of page.querySelectorAll(".track div:first-child"))
                if (contrast(ground(bar), ground(bar.parentElement)) < 3) faults.push("pale bar")
            const fields = [...page.querySelectorAll("input, textarea, select, button")]
                .filter(field => field.offsetParent)
            for (const field of fields) {
                field.focus()
                const { outlineStyle, outlineColor, borderColor } = style(field)
                const paper = ground(field.parentElement)
                if (page.activeElement !== field || field.tabIndex !== 0)
                    faults.push("not reached by Tab: " + field.outerHTML)
                if (outlineStyle !== "solid" || contrast(brightness(outlineColor), paper) < 3)
                    faults.push("its focus is not seen: " + field.outerHTML)
                if (field.type !== "range" && contrast(brightness(borderColor), paper) < 3)
                    faults.push("pale edge: " + field.outerHTML)
            }
            document.querySelector("pre").textContent = ["done", ...faults].join("\\n") + "\\n"
        }
        """
}
