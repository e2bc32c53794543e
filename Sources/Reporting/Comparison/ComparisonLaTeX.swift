import JSON
import Metrics

/// A comparison as one table in LaTeX, laid out as table 1 of arXiv 2411.04421: a group of rows for
/// each metric, a method a row, a task a column, and the changes against AdamW in parentheses.
struct ComparisonLaTeX {
    private let summary: ComparisonSummary
    private let methods: [String]

    init(_ summary: ComparisonSummary) {
        self.summary = summary
        methods = ComparisonMethod.sorted(
            summary.tasks.flatMap { $0.methods.map(\.method) }
        )
    }

    /// A metric as the table has it.
    private struct Group {
        let metric: Metric
        let title: String
        /// 100 for shares, which the table has in percent.
        let factor: Double
        let decimals: Int
    }

    private static let groups = [
        Group(metric: .accuracy, title: #"ACC (\%) $\uparrow$"#, factor: 100, decimals: 1),
        Group(metric: .ece, title: #"ECE (\%) $\downarrow$"#, factor: 100, decimals: 1),
        Group(metric: .nll, title: #"NLL $\downarrow$"#, factor: 1, decimals: 3),
        Group(metric: .brier, title: #"Brier $\downarrow$"#, factor: 1, decimals: 3),
    ]

    var text: String {
        let tasks = summary.tasks.map(\.task.inLaTeX)
        let head = ["Metric", "Method"] + tasks + (summary.average.isEmpty ? [] : ["Average"])
        let columns = "ll" + String(repeating: "r", count: head.count - 2)
        let body = Self.groups.map { rows($0).joined(separator: "\n") }
        return """
            % Mean over seeds, its standard error as index, and in parentheses the change against
            % AdamW; the best mean of each column is bold. Needs \\usepackage{booktabs}.
            \\begin{tabular}{\(columns)}
            \\toprule
            \(head.joined(separator: " & ")) \\\\
            \\midrule
            \(body.joined(separator: "\n\\midrule\n"))
            \\bottomrule
            \\end{tabular}

            """
    }

    private func rows(_ group: Group) -> [String] {
        let columns = summary.tasks.map { task in
            cells(group) { task.method($0)?.metrics[group.metric] }
        }
        let average =
            summary.average.isEmpty
            ? []
            : [
                cells(group) { method in
                    summary.average.first { $0.method == method }?.metrics[group.metric]
                }
            ]
        return methods.indices.map { row in
            let title = ComparisonMethod.named(methods[row]).title.inLaTeX
            let cells = [row == 0 ? group.title : "", title] + (columns + average).map { $0[row] }
            return cells.joined(separator: " & ") + #" \\"#
        }
    }

    /// A column: one cell a method.
    private func cells(_ group: Group, _ value: (String) -> SeedSummary?) -> [String] {
        let values = methods.map(value)
        let reference = value(ComparisonMethod.reference)?.mean
        let finite = values.compactMap { $0?.mean }.filter(\.isFinite)
        let best = group.metric.isBetterHigher ? finite.max() : finite.min()
        return zip(methods, values).map { method, value in
            guard let value else { return "--" }
            func number(_ value: Double) -> String {
                value.isFinite ? (value * group.factor).fixed(group.decimals) : #"$\infty$"#
            }
            let mean = number(value.mean)
            let error = value.standardError.map { "$_{\(number($0))}$" } ?? ""
            let change = (value.mean - (reference ?? .nan)) * group.factor
            let isCompared = method != ComparisonMethod.reference && change.isFinite
            return (value.mean == best ? #"\textbf{\#(mean)}"# : mean) + error
                + (isCompared ? " ($\(change.signed(group.decimals))$)" : "")
        }
    }
}

extension String {
    /// The text with what has a meaning in LaTeX escaped, on one line.
    ///
    /// What pdfTeX does not know without further packages is named there, as `U+4E2D`; XeTeX and
    /// LuaTeX, which have `\Umathchar`, take it from the font.
    var inLaTeX: String {
        // By scalars: a character may be an ampersand with a mark over it.
        printable.unicodeScalars.map { scalar in
            switch scalar {
            case "\\": #"\textbackslash{}"#
            case "~": #"\textasciitilde{}"#
            case "^": #"\textasciicircum{}"#
            case "<": #"\textless{}"#
            case ">": #"\textgreater{}"#
            case "|": #"\textbar{}"#
            case "&", "%", "$", "#", "_", "{", "}": "\\\(scalar)"
            case "Ð", "Þ", "ð", "þ": Self.named(scalar)
            case " "..."~", "À"..."ÿ": String(scalar)
            default: Self.named(scalar)
            }
        }
        .joined()
    }

    private static func named(_ scalar: Unicode.Scalar) -> String {
        let number = String(scalar.value, radix: 16, uppercase: true)
        return #"{\ifdefined\Umathchar \#(scalar)\else U+\#(number)\fi}"#
    }
}
