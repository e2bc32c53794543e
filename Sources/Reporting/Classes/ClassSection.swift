import Metrics
import RunFiles

/// The part of a run's page that goes into answers and rows.
struct ClassSection {
    let tables: ClassTables?
    private let notable: NotablePredictions
    private let texts: PartTexts?

    /// - Throws: `MetricError` where a prediction of the test part cannot be scored.
    init(_ run: RunRecord) throws {
        tables = try ClassTables(run.test, run.texts)
        notable = NotablePredictions(run.test)
        texts = run.texts
    }

    /// The section; empty without a test part.
    var html: String {
        ([tables.map(html)] + [
            rows(
                "The most confident mistakes",
                "Wrong answers of the highest confidence: look here for wrong labels, too.",
                notable.confidentMistakes
            ),
            rows(
                "The most uncertain rows",
                "Rows whose probabilities have the highest entropy.",
                notable.mostUncertain
            ),
        ])
        .compactMap { $0 }.joined(separator: "\n")
    }

    private func html(_ tables: ClassTables) -> String {
        let shown =
            tables.isCut
            ? " The \(ClassTables.shownClasses) worst of \(tables.classCount) are shown; the CSV "
                + "file beside this page has all." : ""
        let caption =
            "Test part, the lowest F1 first. Precision: the share right of the rows that got the "
            + "answer. Recall: the share found of the rows whose answer it is. Too sure by: mean "
            + "confidence less precision of the rows that got it; below 0, not sure enough.\(shown)"
        var parts = [
            Markup.element("h2", [:], "Answer by answer"),
            Markup.element("p", ["class": "muted"], caption.escaped), tables.classes.html,
        ]
        if !tables.confusions.rows.isEmpty {
            parts.append(Markup.element("h3", [:], "The most frequent confusions"))
            parts.append(
                Markup.element("section", ["class": "texts"], tables.confusions.html)
            )
        }
        return parts.joined(separator: "\n")
    }

    private func rows(_ title: String, _ caption: String, _ rows: [Prediction]) -> String? {
        guard !rows.isEmpty else { return nil }
        let table = DataTable(
            ["row", "right answer", "answered", "confidence", "text"],
            rows.map { row in
                [
                    row.id, row.label.map(name) ?? "–", name(row.answer),
                    row.probabilities[row.answer].text(), texts?.texts[row.id] ?? "–",
                ]
            }
        )
        let details = Markup.element(
            "details",
            [:],
            Markup.element("summary", [:], "The rows") + table.html
        )
        return [
            Markup.element("h2", [:], title),
            Markup.element(
                "section",
                ["class": "texts rows"],
                Markup.element("p", ["class": "muted"], caption) + "\n" + details
            ),
        ]
        .joined(separator: "\n")
    }

    private func name(_ answer: Int) -> String {
        guard let names = texts?.answers, names.indices.contains(answer) else {
            return "answer \(answer)"
        }
        return names[answer]
    }
}
