import ClientSupport
import TestSupport
import Testing

/// The page as hands on a keyboard find it: keys go in as a browser gets them, none to the script.
@Suite("The page by keyboard", .enabled(if: Browser.path != nil))
struct KeyboardTests {
    @Test("Tab reaches every field once, and keys ask, add, remove and choose a threshold")
    func keys() async throws {
        try await withServer(MadeEngine()) { port in
            try await onThread {
                try withTemporaryFolder { folder in
                    let address = "http://127.0.0.1:\(port)/"
                    let page = try DecisionPage(BrowserPage(address, in: folder)).page
                    try reachesAll(page)
                    try asks(page)
                    try changesQuestions(page)
                }
            }
        }
    }

    private func reachesAll(_ page: BrowserPage) throws {
        let count = try page.value(
            """
            [...document.querySelectorAll('input, textarea, select, button')]
                .filter(field => field.offsetParent).length
            """
        )
        let total = try #require(Int(count))
        try #require(total > 10)
        _ = try page.value("window.reached = new Set()")
        for _ in 0..<total {
            try page.press("Tab")
            _ = try page.value("window.reached.add(document.activeElement)")
        }
        #expect(try page.value("window.reached.size") == "\(total)")
        #expect(try page.value("window.reached.has(document.body)") == "false")
    }

    private func asks(_ page: BrowserPage) throws {
        try page.tab(to: "document.activeElement.id === 'state'")
        try page.press("a", modifiers: .control)
        for key in "hello" { try page.press(String(key)) }
        try page.tab(to: "document.activeElement.id === 'ask'")
        try page.press("Enter")
        try page.wait(until: "document.querySelectorAll('article').length === 3")
        // The made engine counts the bytes of the state.
        let summary = "document.getElementById('summary').textContent"
        #expect(try page.value(summary).hasPrefix("first: 1 of 3 answered, 5 tokens read."))
        try page.tab(to: "document.activeElement.id === 'threshold'")
        try page.press("End")
        #expect(try page.value("document.getElementById('shown').textContent") == "1.00")
        #expect(try page.value(summary).hasPrefix("first: 0 of 3 answered"))
        try page.press("Home")
        try page.press("ArrowRight")
        #expect(try page.value("document.getElementById('shown').textContent") == "0.01")
    }

    private func changesQuestions(_ page: BrowserPage) throws {
        let boxes = "document.querySelectorAll('#questions fieldset').length"
        try page.tab(to: "document.activeElement.dataset.add === 'choice'")
        try page.press(" ")
        #expect(try page.value(boxes) == "4")
        #expect(try page.value("document.activeElement.dataset.part") == "instructions")
        try page.tab(to: "document.activeElement.dataset.part === 'remove'")
        try page.press("Enter")
        #expect(try page.value(boxes) == "3")
        #expect(try page.value("document.activeElement.dataset.add") == "noul")
    }
}
