/// The report of a comparison: sentences, tables and figures on a page that needs no network and no
/// script.
public struct ComparisonReport: Sendable {
    /// The figures that the comparison's files allow, task by task, and behind them those of
    /// settings that are swept.
    public let figures: [Figure]
    /// The tables.
    public let tables: ComparisonTables
    private let name: String
    private let sections: [String]

    /// Makes tables and figures of a comparison.
    ///
    /// - Parameters:
    ///   - record: The comparison.
    ///   - summary: Its summary.
    ///   - name: The name of the comparison on the page.
    /// - Throws: `JSONLinesError`, `MetricError` or ``ReportError`` where a file of the comparison
    ///   cannot be used.
    public init(
        _ record: ComparisonRecord,
        _ summary: ComparisonSummary,
        name: String
    ) throws {
        self.name = name
        let tables = ComparisonTables(record, summary)
        // One task after the other, so that the predictions of one are in memory at a time.
        let figures =
            try record.tasks.map { try Self.figures(ComparedTask(record, $0)) }
            + SweptSetting.all(record, summary).enumerated().map { [$1.figure($0 + 1)] }
        self.tables = tables
        self.figures = Array(figures.joined())
        sections =
            [Self.findings(summary)]
            + tables.sections.enumerated().map { index, section in
                // The mean over tasks has tables but no figures.
                let charts = index < figures.count ? figures[index] : []
                return ([Self.html(section)] + charts.map(\.html)).joined(separator: "\n")
            }
    }

    private static func figures(_ compared: ComparedTask) throws -> [Figure] {
        let figures: [Figure?] = [
            try .varianceScale(compared), try .progress(compared),
            try .reliability(compared), try .riskCoverage(compared), .drawCount(compared),
        ]
        return figures.compactMap { $0 }
    }

    /// The page as one file, HTML that is well-formed XML.
    public var html: String {
        HTMLPage(
            title: "varlora: \(name)",
            sections: [Markup.element("h1", [:], "Comparison \(name.escaped)")] + sections
        )
        .text
    }

    private static func findings(_ summary: ComparisonSummary) -> String {
        let findings = summary.tasks.flatMap { task in
            ComparisonHeadline(task).sentences.enumerated().map { index, sentence in
                let style = index == 0 ? "lead" : "finding"
                return Markup.element("p", ["class": style], sentence.escaped)
            }
        }
        return
            (findings + [
                Markup.element("p", ["class": "muted"], ComparisonHeadline.note.escaped)
            ])
            .joined(separator: "\n")
    }

    private static func html(_ section: ComparisonTables.Section) -> String {
        let entries = section.entries.map { entry in
            Markup.element(
                "section",
                ["class": "results"],
                [
                    Markup.element("h3", [:], entry.title.escaped), entry.table.html,
                    Markup.element("p", ["class": "muted"], entry.note.escaped),
                ]
                .joined(separator: "\n")
            )
        }
        return ([Markup.element("h2", ["class": "task"], section.title.escaped)] + entries)
            .joined(separator: "\n")
    }
}
