import ClientSupport
import TestSupport
import Testing

@testable import Serving

/// The page as Chromium lays it out; skipped where that is not installed.
@Suite("The page in a browser", .serialized, .enabled(if: Browser.path != nil))
struct PageTests {
    @Test(
        "Under its policy it runs, nothing is cut, texts are readable, on phones, light and dark",
        arguments: [360, 1280],
        [false, true]
    )
    func layout(width: Int, isDark: Bool) async throws {
        try await withServer(MadeEngine()) { port in
            try await onThread {
                try withTemporaryFolder { folder in
                    let address = "http://127.0.0.1:\(port)/"
                    let page = try DecisionPage(
                        BrowserPage(address, in: folder, width: width, isDark: isDark)
                    )
                    #expect(try page.page.value("document.body.innerText").contains("second"))
                    _ = try page.page.value(Self.madeServer)
                    try page.ask()
                    let abstains = try page.marks(at: 0.45).map { $0.hasPrefix("abstains") }
                    #expect(abstains == [false, true, true])
                    #expect(try page.page.value("document.querySelector('.spread')") != "null")
                    let faults = try page.faults()
                    #expect(faults.isEmpty, "\(faults)")
                }
            }
        }
    }

    @Test("The check finds wide boxes, pale texts and fields without a label or an edge")
    func check() async throws {
        // The policy of the page lets no style into markup.
        let additions = [
            ("<p>wide</p>", "width: 400px"), ("<p>pale</p>", "color: #888"), ("<input>", ""),
            ("<label>x<input></label>", "border-color: #eee"),
            ("<label>x<input></label>", "outline: none"),
        ]
        try await withServer(MadeEngine()) { port in
            try await onThread {
                try withTemporaryFolder { folder in
                    let address = "http://127.0.0.1:\(port)/"
                    let page = try DecisionPage(BrowserPage(address, in: folder, width: 360))
                    #expect(try page.faults().isEmpty)
                    for (markup, style) in additions {
                        let body = "document.body"
                        let added =
                            "(\(body).lastElementChild.querySelector('input') "
                            + "?? \(body).lastElementChild)"
                        _ = try page.page.value(
                            "\(body).insertAdjacentHTML('beforeend', '\(markup)')"
                        )
                        _ = try page.page.value("\(added).style.cssText = '\(style)'")
                        #expect(try !page.faults().isEmpty, "\(markup), \(style)")
                        _ = try page.page.value("\(body).lastElementChild.remove()")
                    }
                    #expect(try page.faults().isEmpty)
                }
            }
        }
    }

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
}
