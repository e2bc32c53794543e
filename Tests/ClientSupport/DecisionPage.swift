/// The page of a server of decisions, in a browser.
public struct DecisionPage {
    /// The browser's page.
    public let page: BrowserPage

    /// The page, which has asked its server what it serves.
    public init(_ page: BrowserPage) throws {
        self.page = page
        try page.wait(until: "document.querySelector('#model option') !== null")
    }

    /// Asks the page's questions as they stand, and waits for the answers.
    public func ask() throws {
        let questions = try page.value("document.querySelectorAll('#questions fieldset').length")
        _ = try page.value("document.querySelector('#ask').click()")
        try page.wait(until: "document.querySelectorAll('article').length === \(questions)")
    }

    /// Chooses a threshold, and gives what stands over each answer.
    public func marks(at threshold: Double) throws -> [String] {
        try page.value(
            """
            (() => {
                const slider = document.querySelector("#threshold")
                slider.value = \(threshold)
                slider.dispatchEvent(new Event("input"))
                return [...document.querySelectorAll(".mark")].map(mark => mark.textContent)
                    .join("\\n")
            })()
            """
        )
        .split(separator: "\n").map(String.init)
    }

    /// What of the page is cut, pale or out of reach of the keyboard.
    public func faults() throws -> [String] {
        try page.value(Self.check).split(separator: "\n").map(String.init)
    }

    private static let check = #"""
        (() => {
            const faults = []
            for (const button of document.querySelectorAll("[data-add]")) button.click()
            const width = document.documentElement.clientWidth
            if (document.documentElement.scrollWidth > width)
                faults.push("the page scrolls sideways")
            for (const element of document.querySelectorAll("body *"))
                if (element.getBoundingClientRect().right > width + 1)
                    faults.push("too wide: " + element.tagName)
            for (const field of document.querySelectorAll("input, textarea, select"))
                if (!field.labels.length) faults.push("without a label: " + field.outerHTML)
            const style = element => getComputedStyle(element)
            const brightness = colour => colour.match(/[\d.]+/g).slice(0, 3).map(Number)
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
            for (const text of document.querySelectorAll(written)) {
                if (contrast(brightness(style(text).color), ground(text)) < 4.5)
                    faults.push("pale: " + text.outerHTML)
            }
            // WCAG 2: 3 for bars, edges of fields and what shows the focus. The elements that are
            // there by nature take Tab, Enter and Space.
            for (const bar of document.querySelectorAll(".track div:first-child"))
                if (contrast(ground(bar), ground(bar.parentElement)) < 3) faults.push("pale bar")
            const fields = [...document.querySelectorAll("input, textarea, select, button")]
                .filter(field => field.offsetParent)
            for (const field of fields) {
                field.focus()
                const { outlineStyle, outlineColor, borderColor } = style(field)
                const paper = ground(field.parentElement)
                if (document.activeElement !== field || field.tabIndex !== 0)
                    faults.push("not reached by Tab: " + field.outerHTML)
                if (outlineStyle !== "solid" || contrast(brightness(outlineColor), paper) < 3)
                    faults.push("its focus is not seen: " + field.outerHTML)
                if (field.type !== "range" && contrast(brightness(borderColor), paper) < 3)
                    faults.push("pale edge: " + field.outerHTML)
            }
            if (width > screen.width) faults.push("wider than the screen: " + width)
            return faults.join("\n")
        })()
        """#
}
