/// Places the parts of a chart.
struct ChartDrawing {
    private let chart: Chart
    private let legend: Legend
    private let x: LinearScale
    private let y: LinearScale
    private let left = 46.0
    private let right = Chart.size.width - 12
    /// Height of the panel: more than usual where the legend has many rows.
    let height: Double
    private let top: Double
    private let bottom: Double
    /// Where the ticks of the x axis stand: below the counts, where there are any.
    private let base: Double

    init(_ chart: Chart) {
        self.chart = chart
        legend = Legend(chart.marks, left: 4, top: 40, right: Chart.size.width - 4)
        height = Chart.size.height + max(0, legend.bottom - 68)
        base = height - 38
        bottom = chart.counts.isEmpty ? base : base - 44
        top = legend.bottom + 10
        x = LinearScale(domain: chart.x.range, start: left, end: right)
        y = LinearScale(domain: chart.y.range, start: bottom, end: top)
    }

    var content: String {
        ([
            text(chart.title, x: 4, y: 14, "title"),
            text("↑ " + chart.y.label + (chart.y.isCut ? ", cut off" : ""), x: 4, y: 30, "muted"),
            legend.content,
        ] + axes + [marks] + countStrip)
        .joined(separator: "\n")
    }

    private var marks: String {
        let all = chart.marks.map(draw).joined(separator: "\n")
        guard chart.y.isCut else { return all }
        // A drawing within the drawing shows nothing outside of its box.
        let box = (width: (right - left).pixels, height: (bottom - top).pixels)
        return Markup.element(
            "svg",
            [
                "x": left.pixels, "y": top.pixels, "width": box.width, "height": box.height,
                "viewBox": "\(left.pixels) \(top.pixels) \(box.width) \(box.height)",
            ],
            all
        )
    }

    private var axes: [String] {
        let vertical = Ticks(in: chart.y.range, count: 5)
        var parts: [String] = []
        for value in vertical.values {
            guard let place = y(value) else { continue }
            parts.append(line(left, place, right, place, "grid"))
            parts.append(text(vertical.label(value), x: left - 6, y: place + 4, "muted end"))
        }
        var end = 0.0
        for tick in horizontalTicks {
            guard let place = x(tick.value) else { continue }
            parts.append(line(place, base, place, base + 4, "axis"))
            let width = tick.label.pixelWidth
            // A long label at the right edge would be cut.
            let middle = min(place, Chart.size.width - width / 2)
            // Where ticks stand close, some go without a label.
            if middle - width / 2 < end { continue }
            end = middle + width / 2 + 4
            parts.append(text(tick.label, x: middle, y: base + 16, "muted middle"))
        }
        parts.append(line(left, base, right, base, "axis"))
        let middle = (left + right) / 2
        parts.append(text(chart.x.label, x: middle, y: base + 33, "muted middle"))
        return parts
    }

    private var horizontalTicks: [Axis.Tick] {
        if let ticks = chart.x.ticks { return ticks }
        let round = Ticks(in: chart.x.range, count: 5)
        return round.values.map { Axis.Tick(value: $0, label: round.label($0)) }
    }

    private func draw(_ mark: Mark) -> String {
        let colour = mark.style.colour
        switch mark.shape {
        case .line(let points):
            return path(points, "line c\(colour) dash\(mark.style.dash)")
        case .points(let points): return circles(points, "f\(colour)")
        case .rings(let points): return circles(points, "ring c\(colour)")
        case .band(let lower, let upper):
            let outline = upper + lower.reversed()
            guard outline.allSatisfy({ x($0.x) != nil && y($0.y) != nil }) else { return "" }
            return path(outline, "band f\(colour)", isClosed: true)
        case .columns(let columns):
            return columns.map { column($0, from: bottom, y($0.height), "f\(colour) soft") }
                .joined()
        case .levels(let columns):
            return columns.compactMap { column in
                guard let start = x(column.lower), let end = x(column.upper),
                    let height = y(column.height)
                else { return nil }
                return line(start + 2, height, end - 2, height, "line c\(colour)")
            }
            .joined()
        case .labels(let labels):
            return labels.flatMap { label -> [String] in
                guard let x = x(label.at.x), let y = y(label.at.y) else { return [] }
                return label.lines.reversed().enumerated().map { row, line in
                    text(line, x: x, y: y - 5 - 14 * Double(row), "middle halo")
                }
            }
            .joined()
        case .intervals(let intervals):
            return intervals.compactMap { interval in
                guard let place = x(interval.x), let low = y(interval.range.lowerBound),
                    let high = y(interval.range.upperBound)
                else { return nil }
                return line(place, low, place, high, "axis")
                    + line(place - 4, low, place + 4, low, "axis")
                    + line(place - 4, high, place + 4, high, "axis")
            }
            .joined()
        }
    }

    private func circles(_ points: [Point], _ style: String) -> String {
        points.compactMap { point in
            guard let x = x(point.x), let y = y(point.y) else { return nil }
            return circle(x, y, style)
        }
        .joined()
    }

    private var countStrip: [String] {
        guard let most = chart.counts.map(\.height).max(), most > 0 else { return [] }
        let parts = chart.counts.filter { $0.height > 0 }.flatMap { count in
            let height = base - max(1, count.height / most * 22)
            let middle = x((count.lower + count.upper) / 2) ?? left
            return [
                column(count, from: base, height, "f0 soft"),
                text("\(Int(count.height))", x: middle, y: height - 3, "muted middle"),
            ]
        }
        return parts + [
            text("count", x: left - 6, y: base - 6, "muted end"),
            line(left, bottom, right, bottom, "axis"),
        ]
    }

    private func column(
        _ column: Mark.Column,
        from foot: Double,
        _ head: Double?,
        _ style: String
    ) -> String {
        guard let start = x(column.lower), let end = x(column.upper), let head else { return "" }
        return Markup.element(
            "rect",
            [
                "x": (start + 1).pixels, "y": min(head, foot).pixels,
                "width": max(end - start - 2, 0.5).pixels, "height": abs(foot - head).pixels,
                "class": style,
            ]
        )
    }

    /// A path through all points that have a place; it breaks where one has none.
    private func path(_ points: [Point], _ style: String, isClosed: Bool = false) -> String {
        var commands = ""
        var isDrawing = false
        for point in points {
            if let x = x(point.x), let y = y(point.y) {
                commands += (isDrawing ? "L" : "M") + "\(x.pixels) \(y.pixels)"
                isDrawing = true
            } else {
                isDrawing = false
            }
        }
        if commands.isEmpty { return "" }
        return Markup.element("path", ["d": commands + (isClosed ? "Z" : ""), "class": style])
    }
}

/// The names of a chart's marks, each behind a sample, in as many rows as they need.
private struct Legend {
    /// Where the legend ends, in pixels; where it would begin, if no mark has a name.
    let bottom: Double
    let content: String

    init(_ marks: [Mark], left: Double, top: Double, right: Double) {
        var parts: [String] = []
        var (x, row) = (left, 0.0)
        for case (let mark, let name?) in marks.map({ ($0, $0.name) }) {
            let width = 24 + name.pixelWidth
            if x > left && x + width > right { (x, row) = (left, row + 1) }
            let middle = top + 6 + row * 16
            parts.append(Self.sample(mark, x: x, y: middle))
            parts.append(text(name, x: x + 22, y: middle + 4, ""))
            x += width + 12
        }
        bottom = parts.isEmpty ? top - 6 : top + 12 + row * 16
        content = parts.joined()
    }

    private static func sample(_ mark: Mark, x: Double, y: Double) -> String {
        let colour = mark.style.colour
        switch mark.shape {
        case .line: return line(x, y, x + 18, y, "line c\(colour) dash\(mark.style.dash)")
        case .levels: return line(x, y, x + 18, y, "line c\(colour)")
        case .points: return circle(x + 9, y, "f\(colour)")
        case .rings: return circle(x + 9, y, "ring c\(colour)")
        case .labels: return ""
        case .intervals: return line(x + 9, y - 6, x + 9, y + 6, "axis")
        case .band, .columns:
            var style = "f\(colour) soft"
            if case .band = mark.shape { style = "f\(colour) band" }
            return Markup.element(
                "rect",
                ["x": x.pixels, "y": (y - 5).pixels, "width": "18", "height": "10", "class": style]
            )
        }
    }
}

extension String {
    /// Pixels of the text as charts write it, for a wide font, since it cannot be measured here.
    fileprivate var pixelWidth: Double {
        reduce(0) { width, character in
            switch character {
            case "m", "M", "W": width + 11.2
            case "w": width + 9.4
            case _ where " .,:;'|()[]Iijlftr".contains(character): width + 4.6
            case _ where character.isUppercase: width + 8.2
            default: width + 7.3
            }
        }
    }
}

private func text(_ text: String, x: Double, y: Double, _ style: String) -> String {
    Markup.element("text", ["x": x.pixels, "y": y.pixels, "class": style], text.escaped)
}

private func circle(_ x: Double, _ y: Double, _ style: String) -> String {
    Markup.element("circle", ["cx": x.pixels, "cy": y.pixels, "r": "3.5", "class": style])
}

private func line(
    _ x1: Double,
    _ y1: Double,
    _ x2: Double,
    _ y2: Double,
    _ style: String
) -> String {
    Markup.element(
        "line",
        ["x1": x1.pixels, "y1": y1.pixels, "x2": x2.pixels, "y2": y2.pixels, "class": style]
    )
}
