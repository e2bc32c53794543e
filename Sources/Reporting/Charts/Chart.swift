/// A position in a chart, in the units of its axes.
struct Point: Equatable {
    let x: Double
    let y: Double
}

/// How a series is told apart: a colour and, for lines, a pattern of dashes.
struct SeriesStyle {
    /// 1 to 6 of the palette, or 0 for references.
    let colour: Int
    /// 0 for a whole line, 1 for dashes, 2 for dots, 3 for dashes and dots.
    var dash = 0
}

/// What is drawn in a chart.
struct Mark {
    /// The kinds of marks; columns reach from `lower` to `upper` on the x axis.
    enum Shape {
        case line([Point])
        case points([Point])
        /// Empty circles, which single points of a line out.
        case rings([Point])
        case band(lower: [Point], upper: [Point])
        case columns([Column])
        /// Strokes at the height of columns.
        case levels([Column])
        /// Texts with their middle above points, in lines.
        case labels([(at: Point, lines: [String])])
        /// Vertical intervals with ends.
        case intervals([(x: Double, range: ClosedRange<Double>)])
    }

    /// Part of the x axis with a height.
    struct Column {
        let lower: Double
        let upper: Double
        let height: Double
    }

    /// The name in the legend; none for marks that need no name.
    let name: String?
    let shape: Shape
    let style: SeriesStyle
}

/// An axis: what it measures, with the unit, and from where to where.
struct Axis {
    let label: String
    let range: ClosedRange<Double>
    /// What is written along it; nil for round numbers.
    var ticks: [Tick]?
    /// Whether marks are cut off at its end, as some lie beyond it.
    private(set) var isCut = false

    /// A place along an axis and what is written there.
    struct Tick {
        let value: Double
        let label: String
    }

    /// An axis over a range that is not empty.
    init(_ label: String, _ range: ClosedRange<Double>) {
        self.label = label
        self.range = range
    }

    /// An axis from 0 to the largest of the values.
    init(_ label: String, upTo values: [Double]) {
        let end = values.filter { $0 > 0 && $0 < 1e300 }.max()
        self.init(label, 0...(end ?? 1))
    }

    /// An axis on round numbers around all values.
    init(_ label: String, around values: [Double]) {
        self.init(label, .rounded(around: values))
    }

    /// An axis on round numbers around the values up to three times the middle one, cut off there,
    /// as one far beyond would leave the others on one line.
    init(_ label: String, aroundMost values: [Double]) {
        let sorted = values.filter(\.isFinite).sorted()
        let middle = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
        let most = middle > 0 ? sorted.filter { $0 <= 3 * middle } : sorted
        self.init(label, around: most)
        isCut = most.count < sorted.count
    }
}

/// One panel of a figure: axes, marks, and a legend where marks have names.
struct Chart {
    /// Width of every panel in pixels, about a phone's, so that text keeps its size there, and its
    /// height with a legend of up to two rows.
    static let size = (width: 340.0, height: 270.0)

    var title: String
    var x: Axis
    var y: Axis
    var marks: [Mark]
    /// Columns below the plot with their counts written over them; their heights are the counts.
    var counts: [Mark.Column] = []

    /// The panel as an SVG element for a page.
    var svg: String {
        let drawing = ChartDrawing(self)
        return Markup.element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "role": "img", "aria-label": title,
                "viewBox": "0 0 \(Self.size.width.pixels) \(drawing.height.pixels)",
            ],
            drawing.content
        )
    }
}
