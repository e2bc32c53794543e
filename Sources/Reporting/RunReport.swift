import Metrics
import RunFiles

/// The report of one run: figures, and a page that needs no network and no script.
public struct RunReport: Sendable {
    /// The figures that the run's files allow, in the order of the page.
    public let figures: [Figure]
    private let run: RunRecord
    private let classes: ClassSection

    /// Makes the figures of a run.
    ///
    /// - Throws: `MetricError` where a prediction of the test part cannot be scored.
    public init(_ run: RunRecord) throws {
        self.run = run
        classes = try ClassSection(run)
        figures = [
            try .calibration(run), try .selective(run), try .draws(run),
            .drawCurve(run), .varianceScale(run), .training(run), .stepTimes(run), .posterior(run),
            .layers(run),
        ]
        .compactMap { $0 }
    }

    /// All answers of the test part as CSV, for a file beside the page, where they are more than
    /// the page shows; else nil.
    public var classesCSV: String? { classes.tables.flatMap { $0.isCut ? $0.csv : nil } }

    /// The page as one file, HTML that is well-formed XML.
    public var html: String {
        HTMLPage(
            title: "varlora: \(run.name)",
            sections: [
                Markup.element("h1", [:], "Run \(run.name.escaped)"), summary, metrics, policy,
            ]
                + figures.map(\.html) + [classes.html, settings]
        )
        .text
    }

    private var summary: String {
        guard let results = run.results else {
            return Markup.element(
                "p",
                ["class": "note"],
                "The run is not finished: there are no results yet, and what follows may change."
            )
        }
        let names = ["ivon": "IVON", "adamw": "AdamW"]
        let method = names[results.method] ?? results.method
        let text =
            "\(method), \(results.steps) steps, seed \(results.seed). Task: \(results.task). "
            + "Model: \(results.model)."
        let warnings = (results.warnings ?? []).map {
            Markup.element("p", ["class": "note"], "Warning: \($0).".escaped)
        }
        return ([Markup.element("p", ["class": "muted"], text.escaped)] + warnings)
            .joined(separator: "\n")
    }

    private var metrics: String {
        guard let results = run.results else { return "" }
        let parts = [("Test", results.test), ("Validation", results.validation)]
        let tables = parts.compactMap { name, part in
            part.map { Self.section(name, $0, draws: results.drawCount) }
        }
        let note =
            "Brackets hold 95% bootstrap intervals over the examples; lower is better but for "
            + "accuracy."
        return Markup.element("h2", [:], "Results")
            + Markup.element("div", ["class": "tables"], tables.joined(separator: "\n"))
            + Markup.element("p", ["class": "muted"], note)
    }

    private static func section(
        _ name: String,
        _ part: RunMetrics.Part,
        draws: Int
    ) -> String {
        let mean = (part.draws == nil ? "point estimate" : "posterior mean", part.mean)
        let columns = [mean] + (part.draws.map { [("\(draws) draws", $0)] } ?? [])
        let table = DataTable(
            ["metric"] + columns.map(\.0),
            part.metrics.map { metric in
                [metric.label] + columns.map { cell($0.1[metric]) }
            }
        )
        let title = "\(name), \(part.mean.examples) examples"
        return Markup.element(
            "section",
            ["class": "block"],
            Markup.element("h3", [:], title.escaped) + table.html
        )
    }

    /// A metric with its interval; the spaces do not break.
    private static func cell(_ metric: MetricValue) -> String {
        "\(metric.value.text()) [\(metric.lower.text()),\u{A0}\(metric.upper.text())]"
    }

    private var policy: String {
        guard let policy = run.policy else { return "" }
        let table = DataTable(["policy", ""], policy.lines.map { [$0.name, $0.text] })
        return Markup.element(
            "section",
            ["class": "texts"],
            Markup.element("h2", [:], "When to answer") + table.html
        )
    }

    private var settings: String {
        let table = DataTable(["setting", "value"], run.settings.map { [$0.key, $0.value] })
        return Markup.element(
            "section",
            ["class": "settings"],
            Markup.element("h2", [:], "Settings") + table.html
        )
    }
}
