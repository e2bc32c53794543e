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

    /// All panels in one file, up to three in a row.
    private static func file(_ title: String, _ panels: [Chart]) -> String {
        let margin = 10.0
        let columns = min(panels.count, 3)
        let drawings = panels.map(ChartDrawing.init)
        var groups: [String] = []
        var top = margin
        for start in stride(from: 0, to: drawings.count, by: max(columns, 1)) {
            let row = drawings[start..<min(start + columns, drawings.count)]
            let height = row.map(\.height).max() ?? 0
            for (column, drawing) in row.enumerated() {
                let left = margin + Double(column) * (Chart.size.width + margin)
                // Feet in line, so that the axes are.
                let top = top + height - drawing.height
                groups.append(
                    Markup.element(
                        "g",
                        ["transform": "translate(\(left.pixels) \(top.pixels))"],
                        drawing.content
                    )
                )
            }
            top += height + margin
        }
        let total = (
            width: margin + Double(columns) * (Chart.size.width + margin), height: top
        )
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
