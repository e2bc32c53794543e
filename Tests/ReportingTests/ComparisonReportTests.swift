import Foundation
import Metrics
import Testing

@testable import Reporting

@Suite("Reports of comparisons")
struct ComparisonReportTests {
    @Test("Page and figures are well-formed and need nothing from outside")
    func wellFormed() throws {
        try withRun { run in
            try MadeComparison().write(to: run)
            let report = try run.comparisonReport()
            let stems = ["variance-scale", "time", "calibration", "selective", "draws"]
            let names = ["1-sentiment", "2-tweets"].flatMap { task in stems.map { "\($0)-\(task)" }
            }
            #expect(report.figures.map(\.name) == names)
            #expect(isWellFormed(report.html, root: "html"))
            #expect(report.figures.allSatisfy { isWellFormed($0.svg, root: "svg") })
            for text in report.figures.map(\.svg) + [report.html] {
                let links = text.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
                for outside in ["http", "url(", "<script", "src=", "href=", "@import"] {
                    #expect(!links.contains(outside))
                }
                #expect(
                    !text.contains(">nan") && !text.contains("\"nan") && !text.contains("(null)")
                )
            }
            for figure in report.figures {
                #expect(report.html.contains("<figure id=\"\(figure.name)\">"))
                let columns = figure.table.header.count
                #expect(figure.table.rows.allSatisfy { $0.count == columns })
                #expect(!figure.table.rows.isEmpty)
            }
            for section in report.tables.sections {
                for entry in section.entries {
                    #expect(report.html.contains(entry.title.escaped))
                    #expect(entry.table.rows.allSatisfy { $0.count == entry.table.header.count })
                }
            }
            #expect(report.html.contains(">infinite<"))
        }
    }

    @Test("One seed, few methods and no curves give the figures that they allow")
    func small() throws {
        try withRun { run in
            let made = MadeComparison(
                tasks: ["films"],
                methods: ["base", "swa", "unheard-of-method"],
                seeds: [7],
                examples: 3
            )
            try made.write(to: run)
            let report = try run.comparisonReport()
            #expect(report.figures.map(\.name) == ["calibration", "selective"])
            #expect(isWellFormed(report.html, root: "html"))
            #expect(report.html.contains("there is no AdamW (MAP)"))
            #expect(report.html.contains("unheard-of-method"))
        }
    }

    @Test("Text from outside cannot become markup")
    func escaping() throws {
        let hostile = "<img src=x>&\"'"
        try withRun { run in
            try MadeComparison(tasks: ["films"], methods: ["map"], seeds: [1]).write(to: run)
            let file = run.folder.appendingPathComponent("results.json")
            let text = try String(contentsOf: file, encoding: .utf8)
                .replacing("\"method\":\"map\"", with: "\"method\":\"<img src=x>&\\\"'\"")
            try run.write("results.json", text)
            let html = try run.comparisonReport(name: hostile).html
            #expect(isWellFormed(html, root: "html"))
            #expect(!html.contains("<img"))
            #expect(html.contains(hostile.escaped))
        }
    }

    private static let curves = """
        "draw_curve":[{"draws":1,"accuracy":0.5,"ece":0.2,"nll":NLL},\
        {"draws":2,"accuracy":0.75,"ece":0.1,"nll":0.5}],\
        "variance_scale_curve":[{"variance_scale":0,"accuracy":0.5,"ece":0.2,"nll":NLL},\
        {"variance_scale":1,"accuracy":0.75,"ece":0.1,"nll":0.5}],
        """

    private func compared(_ method: String, _ nll: [String]) throws -> ComparedTask {
        try withRun { run in
            let elements = nll.enumerated().map { seed, nll in
                ResultTexts.element(
                    method: method,
                    seed: seed,
                    more: "\"variance_scale\":0," + Self.curves.replacing("NLL", with: nll)
                )
            }
            try run.write("results.json", "[\(elements.joined(separator: ","))]")
            for seed in nll.indices {
                try run.write("\(method)-\(seed).jsonl", ResultTexts.predictions(0.8))
            }
            return try ComparedTask(run.comparison(), "films")
        }
    }

    @Test("Curves over draws and variance scales are means over the seeds, at their places")
    func curves() throws {
        let ivon = try compared("ivon", ["0.5", "0.7"])
        let scales = try #require(try Figure.varianceScale(ivon))
        // The standard error of 0.5 and 0.7 is 0.1.
        #expect(
            scales.table.rows == [
                ["IVON", "0", "0.5000", "0.0000", "0.6000", "0.1000", "0.2000", "0.0000", ""],
                ["IVON", "1", "0.2500", "0.0000", "0.5000", "0.0000", "0.1000", "0.0000", ""],
            ]
        )
        let draws = try #require(Figure.drawCount(ivon))
        #expect(
            draws.table.rows == [
                ["IVON", "1", "0.5000", "0.0000", "0.2000", "0.0000", "0.6000", "0.1000"],
                ["IVON", "2", "0.7500", "0.0000", "0.1000", "0.0000", "0.5000", "0.0000"],
            ]
        )
        // From the left to the right end; the NLL from 0.6 to 0.5 on an axis of 0.5 to 0.7, whose
        // ends lie at 232 and 62 pixels.
        for figure in [scales, draws] {
            let place = "<path d=\"M46.0 147.0L328.0 232.0\" class=\"line c1 dash0\">"
            #expect(figure.svg.contains(place.dropLast() + "/>") || figure.svg.contains(place))
        }
    }

    @Test("A tuned method is drawn as its family with a circle at the scale that was chosen")
    func tuned() throws {
        let figure = try #require(try Figure.varianceScale(compared("ivon-tuned", ["0.5"])))
        #expect(
            figure.table.rows.map { [$0[0], $0[1], $0[8]] } == [
                ["IVON", "0", "seed 0"], ["IVON", "1", ""],
            ]
        )
        #expect(figure.svg.contains("class=\"ring c1\""))
    }

    @Test("An infinite NLL has no place in a chart, and a note says so")
    func infinite() throws {
        let figure = try #require(try Figure.varianceScale(compared("ivon", ["\"inf\"", "0.7"])))
        #expect(figure.warnings.count == 1)
        #expect(figure.warnings[0].hasSuffix("probability 0: IVON (τ = 0)."))
        #expect(figure.table.rows[0][4] == "infinite")
        #expect(!figure.svg.contains("inf"))
    }

    @Test("AdamW's value on validation is that of its predictions, where every seed has them")
    func reference() throws {
        try withRun { run in
            let element = ResultTexts.element(
                method: "ivon",
                more: Self.curves.replacing("NLL", with: "0.5")
            )
            let map = ResultTexts.element(method: "map")
            try run.write("results.json", ResultTexts.list(map, element))
            for name in ["map-1", "ivon-1"] {
                try run.write("\(name).jsonl", ResultTexts.predictions(0.8))
            }
            let compared = try ComparedTask(run.comparison(), "films")
            func rows() throws -> [[String]] {
                try #require(try Figure.varianceScale(compared)).table.rows
            }
            #expect(try rows().count == 2)
            let folder = "films/seed-1/map/predictions/validation.jsonl"
            try run.write(folder, ResultTexts.predictions(0.75))
            // -log 0.75, and a calibration error of 1 - 0.75.
            #expect(
                try rows().last == [
                    "AdamW (MAP)", "", "0.0000", "", "0.2877", "", "0.2500", "", "",
                ]
            )
        }
    }

    @Test("Times and metrics of the two trainings are those of their files")
    func progress() throws {
        try withRun { run in
            try MadeComparison(tasks: ["films"], methods: ["map", "ivon"], seeds: [5, 3]).write(
                to: run
            )
            let compared = try ComparedTask(run.comparison(), "films")
            let figure = try #require(try Figure.progress(compared))
            // Seconds: 10 · (0.1 + 0.02); loss: 0.35 + 0.02 + 2 / 10.
            #expect(figure.table.rows[0] == ["AdamW (MAP)", "10", "1.2", "0.7150", "0.5700"])
            #expect(figure.table.rows.count == 12 && figure.caption.contains("seed 3"))
            func rows(_ seconds: Int...) throws -> [[String]] {
                let lines = zip([10, 30], seconds).map { "{\"step\":\($0),\"seconds\":\($1)}\n" }
                try run.write("films/seed-3/map/timings.jsonl", lines.joined())
                return try #require(try Figure.progress(compared)).table.rows
            }
            // Between two lines time goes evenly; after them it is not known.
            let seconds = try rows(5, 9).filter { $0[0] == "AdamW (MAP)" }.map { $0[2] }
            #expect(seconds == ["5.0", "7.0", "9.0"])
            // A clock that began anew tells no time.
            let others = try rows(5, 1).map { $0[0] }
            #expect(Set(others) == ["IVON"])
        }
    }

    @Test("Reliability diagrams are of all seeds together, and their shares add up to the ECE")
    func reliability() throws {
        try withRun { run in
            try MadeComparison(tasks: ["films"], methods: ["map", "swa"]).write(to: run)
            let record = try run.comparison()
            let compared = try ComparedTask(record, "films")
            let table = try Figure.reliability(compared).table
            for (key, title) in [("map", "AdamW (MAP)"), ("swa", "SWA")] {
                let pooled = try record.results(of: key, on: "films")
                    .flatMap { try record.predictions(of: $0) }
                let rows = table.rows.filter { $0[0] == title }
                #expect(rows.compactMap { Int($0[2]) }.reduce(0, +) == 3 * 60)
                let expected = try Metric.ece(pooled)
                let sum = rows.compactMap { Double($0[5]) }.reduce(0, +)
                #expect(abs(sum - expected) < 0.00005 * Double(rows.count) && expected > 0.02)
            }
        }
    }

    @Test("Risk at full coverage is the mean error over the seeds, and panels hold few lines")
    func risk() throws {
        try withRun { run in
            try MadeComparison(tasks: ["films"]).write(to: run)
            let record = try run.comparison()
            let figure = try Figure.riskCoverage(ComparedTask(record, "films"))
            for (row, key) in zip(figure.table.rows, record.methods(of: "films")) {
                let errors = record.results(of: key, on: "films")
                    .map { 1 - ($0.metrics[.accuracy] ?? .nan) }
                let mean = errors.reduce(0, +) / Double(errors.count)
                #expect(row[0] == ComparisonMethod.named(key).title)
                #expect(row.last == mean.text())
            }
            for panel in figure.svg.components(separatedBy: "<g ").dropFirst() {
                // A line and its sample in the legend.
                let lines = panel.components(separatedBy: "class=\"line ").count - 1
                #expect((2...12).contains(lines))
            }
        }
    }
}
