import Foundation
import JSON
import Metrics
import Testing

@testable import Reporting

/// Which files a run has.
struct WrittenFiles: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var files: [String: String]
    /// Names of the figures that can be made of them.
    let figures: [String]

    static let all: [WrittenFiles] = [
        WrittenFiles(
            testDescription: "a run of IVON",
            files: [
                "metrics.json": Texts.metrics(
                    method: "ivon",
                    hasDraws: true,
                    health: Texts.layeredHealth
                ),
                "history.jsonl": Texts.history(Texts.health(0.5, 2)),
                "timings.jsonl": Texts.stepTimes, "curves.json": Texts.curves,
                "predictions/test.jsonl": Texts.predictions(1000, hasMean: true),
            ],
            figures: [
                "calibration", "selective", "draws", "draw-curve", "variance-scale", "training",
                "step-times", "posterior", "posterior-layers",
            ]
        ),
        WrittenFiles(
            testDescription: "a run of AdamW",
            files: [
                "metrics.json": Texts.metrics(method: "adamw", hasDraws: false),
                "history.jsonl": Texts.history(),
                "timings.jsonl": Texts.timings,
                "predictions/test.jsonl": Texts.predictions(40, hasMean: false),
            ],
            figures: ["calibration", "selective", "training"]
        ),
        WrittenFiles(
            testDescription: "one example and an empty history",
            files: [
                "metrics.json": Texts.metrics(method: "ivon", hasDraws: true),
                "history.jsonl": "", "timings.jsonl": "",
                "predictions/test.jsonl": Texts.predictions(1, hasMean: true),
            ],
            figures: ["calibration", "selective", "draws", "training"]
        ),
        WrittenFiles(
            testDescription: "a run that is not finished",
            files: ["history.jsonl": Texts.history(Texts.health(0.5, 2))],
            figures: ["training", "posterior"]
        ),
        WrittenFiles(testDescription: "an empty run", files: [:], figures: []),
    ]
}

@Suite("Reports")
struct ReportTests {
    @Test(
        "Page and figures are well-formed and need nothing from outside",
        arguments: WrittenFiles.all
    )
    func wellFormed(_ files: WrittenFiles) throws {
        try withRun { run in
            for (name, text) in files.files { try run.write(name, text) }
            let report = try run.report()
            #expect(report.figures.map(\.name) == files.figures)
            #expect(isWellFormed(report.html, root: "html"))
            #expect(report.figures.allSatisfy { isWellFormed($0.svg, root: "svg") })
            for text in report.figures.map(\.svg) + [report.html] {
                let links = text.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
                for outside in ["http", "url(", "<script", "src=", "href=", "@import"] {
                    #expect(!links.contains(outside))
                }
                #expect(!text.contains("nan") && !text.contains("(null)"))
            }
            for figure in report.figures {
                #expect(report.html.contains("<figure id=\"\(figure.name)\">"))
                #expect(!figure.table.rows.isEmpty)
                let columns = figure.table.header.count
                #expect(figure.table.rows.allSatisfy { $0.count == columns })
            }
            let isFinished = files.files["metrics.json"] != nil
            #expect(report.html.contains("The run is not finished") != isFinished)
        }
    }

    @Test("The shares of the calibration table add up to the ECE of both ways to answer")
    func calibrationTable() throws {
        try withRun { run in
            try run.write("predictions/test.jsonl", Texts.predictions(200, hasMean: true))
            let record = try run.record()
            let table = try #require(try Figure.calibration(record)).table
            let mean = record.test.compactMap(\.atMean)
            for (name, predictions) in [("posterior mean", mean), ("draws", record.test)] {
                let shares = table.rows.filter { $0[0] == name }.compactMap { Double($0[5]) }
                let expected = try Metric.ece(predictions)
                // Each share is written with four decimals.
                #expect(abs(shares.reduce(0, +) - expected) < 0.00005 * Double(shares.count))
                #expect(expected > 0.05)
            }
        }
    }

    @Test("The check of well-formed text finds faults")
    func check() {
        #expect(isWellFormed("<a b=\"1\">&amp;</a>", root: "a"))
        for fault in ["<a>", "<a></b>", "<a>&</a>", "<a b=1/>", "<a/><b/>", "<a>\u{1}</a>"] {
            #expect(!isWellFormed(fault, root: "a"), "\(fault)")
        }
    }

    @Test("Text from outside cannot become markup")
    func escaping() throws {
        let hostile = "<script>alert('&\"')</script>\u{0}\u{FFFF}"
        let safe = "&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;\u{FFFD}\u{FFFD}"
        #expect(hostile.escaped == safe)
        try withRun { run in
            let json = Texts.metrics(method: "ivon", hasDraws: false)
                .replacingOccurrences(of: "\"m\"", with: "\"<img src=x>\"")
            try run.write("metrics.json", json)
            let record = try run.record(name: hostile, settings: [(hostile, hostile)])
            let html = try RunReport(record).html
            #expect(isWellFormed(html, root: "html"))
            #expect(!html.contains("<script") && !html.contains("<img"))
            #expect(html.components(separatedBy: safe).count == 5)
        }
    }

    @Test("A posterior that hardly moved is called so, and one that moved is not")
    func warnings() throws {
        func warnings(_ health: String) throws -> [String] {
            try withRun { run in
                try run.write("history.jsonl", Texts.history(health))
                return try #require(try run.report().figures.last).warnings
            }
        }
        let still = try warnings(Texts.health(0.95, 1.05))
        #expect(still.count == 1)
        #expect(still[0].contains("hardly moved") && still[0].contains("isotropic"))
        #expect(try warnings(Texts.health(0.5, 1.05)).isEmpty)
        #expect(try warnings(Texts.health(0.95, 1.5)).isEmpty)
        let clipped = try warnings(Texts.health(0.5, 2, clipped: 0.98))
        #expect(clipped.count == 1 && clipped[0].contains("98.0%"))
    }

    @Test("The posterior at the end counts where no line of the history has one")
    func finalPosterior() throws {
        try withRun { run in
            let health = Texts.health(0.95, 1.05)
            let metrics = Texts.metrics(method: "ivon", hasDraws: true, health: health)
            try run.write("metrics.json", metrics)
            let figure = try #require(try run.report().figures.last)
            #expect(figure.name == "posterior" && figure.warnings.count == 1)
            #expect(figure.table.rows.map { $0[0] } == ["20"])
        }
    }

    @Test("Wilson's interval of 8 in 10 is the published one, and stays within 0...1")
    func interval() {
        let interval = wilson(share: 0.8, of: 10)
        #expect(abs(interval.lowerBound - 0.490162) < 1e-6)
        #expect(abs(interval.upperBound - 0.943318) < 1e-6)
        #expect(wilson(share: 0, of: 1).lowerBound == 0)
        #expect(wilson(share: 1, of: 1).upperBound == 1)
    }

    @Test("Warnings of a run stand in its page, escaped")
    func divergence() throws {
        try withRun { run in
            let metrics = Texts.metrics(method: "adamw", hasDraws: false)
            try run.write("metrics.json", metrics)
            #expect(!(try run.report().html.contains("Warning")))
            try run.write("metrics.json", metrics.dropLast() + #","warnings":["a < b","c"]}"#)
            let html = try run.report().html
            #expect(html.contains("Warning: a &lt; b.") && html.contains("Warning: c."))
            #expect(isWellFormed(html, root: "html"))
        }
    }

    @Test(
        "Broken files are refused in one sentence that names file and key",
        arguments: [
            ("metrics.json", "{", ["metrics.json: not valid JSON at line 1, column 2"]),
            ("metrics.json", "{\"method\":\"ivon\"}", ["metrics.json: model: expected a value"]),
            (
                "metrics.json",
                Texts.metrics(method: "ivon", hasDraws: true)
                    .replacingOccurrences(of: "\"seed\":3", with: "\"seed\":\"x\""),
                ["metrics.json: seed: expected a whole number, found the string \"x\""]
            ),
            (
                "history.jsonl",
                "{\"step\":1}\n{\"step\":2,\"posterior\":{\"hessian_ratio\":[1],"
                    + "\"standard_deviation\":1}}\n",
                ["history.jsonl", ":2: ", "expected 3 numbers, found 1"]
            ),
            ("timings.jsonl", "{\"step\":1}\n", ["timings.jsonl", "seconds"]),
            (
                "curves.json", "{\"split\":\"test\",\"examples\":1}",
                ["curves.json: draws: expected a value"]
            ),
            (
                "curves.json", "{\"split\":\"all\"}",
                ["curves.json: split: expected a value that fits"]
            ),
            ("predictions/test.jsonl", "{\"id\":\"a\",\"probabilities\":[2]}\n", ["test.jsonl"]),
        ]
    )
    func brokenFiles(_ name: String, _ text: String, _ says: [String]) throws {
        try withRun { run in
            try run.write(name, text)
            do {
                _ = try run.report()
                Issue.record("no error")
            } catch {
                let sentence = String(describing: error)
                for part in says { #expect(sentence.contains(part), "\(sentence)") }
            }
        }
    }

    @Test("Extreme numbers in a history give figures all the same")
    func extremes() throws {
        try withRun { run in
            let lines = [
                "{\"step\":0,\"loss\":1e308}", "{\"step\":9223372036854775807,\"loss\":-1e308}",
                "{\"step\":-5,\"loss\":5e-324,\"posterior\":\(Texts.health(-1e308, 1e308))}",
            ]
            try run.write("history.jsonl", lines.joined(separator: "\n"))
            try run.write("timings.jsonl", "{\"step\":0,\"seconds\":1e308}\n")
            for figure in try run.report().figures {
                #expect(isWellFormed(figure.svg, root: "svg"))
                #expect(!figure.svg.contains("inf") && !figure.svg.contains("nan"))
            }
        }
    }
}
