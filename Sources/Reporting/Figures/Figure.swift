/// A figure: panels beside each other, what they show in words, and the numbers behind them.
public struct Figure: Sendable {
    /// The name of its file, without ending.
    public let name: String
    /// What the figure shows.
    public let title: String
    /// How to read it.
    public let caption: String
    /// A finding that needs attention, in plain words.
    public let warnings: [String]
    /// The numbers behind the figure.
    public let table: DataTable
    /// The figure as an SVG file, with its own background, for light and dark screens.
    public let svg: String
    /// The figure as a part of a page.
    let html: String

    init(
        name: String,
        title: String,
        caption: String,
        warnings: [String] = [],
        panels: [Chart],
        table: DataTable
    ) {
        self.name = name
        self.title = title
        self.caption = caption
        self.warnings = warnings
        self.table = table
        svg = Self.file(title, panels)
        let notes = warnings.map { Markup.element("p", ["class": "note"], $0.escaped) }
        let details = Markup.element(
            "details",
            [:],
            Markup.element("summary", [:], "The numbers") + table.html
        )
        html = [
            Markup.element("h2", [:], title.escaped),
            Markup.element(
                "figure",
                ["id": name],
                ([
                    Markup.element("figcaption", [:], caption.escaped)
                ] + notes + [
                    Markup.element(
                        "div",
                        ["class": "panels"],
                        panels.map(\.svg).joined(separator: "\n")
                    )
                ])
                .joined(separator: "\n")
            ),
            details,
        ]
        .joined(separator: "\n")
    }

    /// All panels in a row, in one file.
    private static func file(_ title: String, _ panels: [Chart]) -> String {
        let margin = 10.0
        let (width, height) = Chart.size
        let total = (
            width: margin + Double(panels.count) * (width + margin), height: height + 2 * margin
        )
        let groups = panels.enumerated().map { index, panel in
            let left = margin + Double(index) * (width + margin)
            return Markup.element(
                "g",
                ["transform": "translate(\(left.pixels) \(margin.pixels))"],
                panel.content
            )
        }
        let paper = Markup.element(
            "rect",
            ["width": "100%", "height": "100%", "rx": "6", "class": "paper"]
        )
        let parts =
            [
                Markup.element("title", [:], title.escaped),
                Markup.element("style", [:], Style.charts), paper,
            ] + groups
        return Markup.element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "role": "img",
                "width": total.width.pixels, "height": total.height.pixels,
                "viewBox": "0 0 \(total.width.pixels) \(total.height.pixels)",
            ],
            "\n" + parts.joined(separator: "\n") + "\n"
        ) + "\n"
    }
}
