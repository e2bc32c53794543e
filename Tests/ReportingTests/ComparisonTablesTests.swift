import Foundation
import Metrics
import Testing

@testable import Reporting

/// A comparison of three methods and two seeds whose numbers can be worked out by hand: all answers
/// are right, with the probabilities 0.8 (map), 0.85 (temperature) and 0.9 (ivon).
func withSmallComparison<Result>(_ body: (ComparisonRecord) throws -> Result) throws -> Result {
    let shift = """
        "shift":[{"task":"tweets","examples":250,"ood":{"entropy":\
        {"auroc":0.75,"aupr":0.5,"fpr95":0.25}},"predictions":"x.jsonl"}],
        """
    return try withRun { run in
        let texts = [(1, 0.8, "0.5"), (2, 0.9, "\"inf\"")].flatMap { seed, accuracy, nll in
            [
                ResultTexts.element(method: "map", seed: seed, accuracy: accuracy),
                ResultTexts.element(method: "temperature", seed: seed, ece: 0.05, nll: "0.4"),
                ResultTexts.element(
                    method: "ivon",
                    seed: seed,
                    accuracy: 0.8,
                    nll: nll,
                    more: shift
                ),
            ]
        }
        try run.write("results.json", "[\(texts.joined(separator: ","))]")
        for seed in [1, 2] {
            try run.write("map-\(seed).jsonl", ResultTexts.predictions(0.8))
            try run.write("temperature-\(seed).jsonl", ResultTexts.predictions(0.85))
            try run.write("ivon-\(seed).jsonl", ResultTexts.predictions(0.9))
        }
        return try body(run.comparison())
    }
}

@Suite("Tables of comparisons")
struct ComparisonTablesTests {
    @Test("Soft labels and levels have a table where results have their metrics, and else none")
    func softLabels() throws {
        let title = "Soft labels and levels"
        try withSmallComparison { record in
            let tables = ComparisonTables(record, try ComparisonSummary(record, resamples: 10))
            #expect(!tables.text.contains(title))
        }
        try withRun { run in
            let element = ResultTexts.element(method: "map")
                .replacing(#""ece15":0.25"#, with: #""ece15":0.25,"kl":0.125,"rps":0.375"#)
            try run.write("results.json", ResultTexts.list(element))
            try run.write("map-1.jsonl", ResultTexts.predictions(0.8))
            let record = try run.comparison()
            let tables = ComparisonTables(record, try ComparisonSummary(record, resamples: 10))
            let entry = tables.sections[0].entries.first { $0.title == title }
            let table = try #require(entry?.table)
            #expect(table.header == ["method", "KL", "RPS"])
            #expect(table.rows.map { Array($0.dropFirst()) } == [["0.125", "0.375"]])
            #expect(tables.csv.contains("films,map,1,kl,0.125"))
        }
    }

    @Test("Means, standard errors and differences are those worked out by hand")
    func summary() throws {
        try withSmallComparison { record in
            let summary = try ComparisonSummary(record, resamples: 10)
            let task = try #require(summary.tasks.first)
            #expect(summary.tasks.count == 1 && summary.average.isEmpty)
            #expect(task.methods.map(\.method) == ["map", "temperature", "ivon"])
            let map = task.methods[0]
            // The sample standard deviation of 0.8 and 0.9 is 0.1 / √2, divided by √2: 0.05.
            #expect(abs((map.metrics[.accuracy]?.mean ?? 0) - 0.85) < 1e-12)
            #expect(abs((map.metrics[.accuracy]?.standardError ?? 0) - 0.05) < 1e-12)
            // All answers are right and as sure, so that the interval is a point, too.
            let interval = try #require(map.metrics[.nll]?.interval)
            #expect(abs(interval.lowerBound + log(0.8)) < 1e-12)
            #expect(abs(interval.upperBound + log(0.8)) < 1e-12)
            #expect(map.seeds == [1, 2] && map.differences.isEmpty)
            let ivon = task.methods[2]
            #expect(ivon.metrics[.nll]?.mean == .infinity)
            #expect(ivon.metrics[.nll]?.standardError == nil)
            // Every example differs by the same, so that the interval is a point.
            let nll = try #require(ivon.difference(.nll))
            for value in [nll.value, nll.lower, nll.upper] {
                #expect(abs(value - log(0.8 / 0.9)) < 1e-12)
            }
            #expect(abs((ivon.difference(.ece)?.upper ?? 0) + 0.1) < 1e-12)
            #expect(ivon.difference(.accuracy)?.value == 0)
            #expect(ivon.shifts[0].separation[.entropy]?[.aupr]?.mean == 0.5)
        }
    }

    @Test("Differences on another task are those of its predictions, by seed")
    func shiftedDifferences() throws {
        try withRun { run in
            func element(_ method: String, _ seed: Int, _ probability: Double) throws -> String {
                let file = "\(method)-tweets-\(seed).jsonl"
                try run.write("\(method)-\(seed).jsonl", ResultTexts.predictions(0.8))
                try run.write(file, ResultTexts.predictions(probability))
                let metrics = ResultTexts.metrics(1, 0.2, "\(-log(probability))")
                let shift =
                    #""shift":[{"task":"tweets","examples":4,"metrics":\#(metrics),"#
                    + #""predictions":"\#(file)"}],"#
                return ResultTexts.element(method: method, seed: seed, more: shift)
            }
            let elements = try [
                element("map", 1, 0.8), element("map", 2, 0.7), element("ivon", 1, 0.9),
                element("ivon", 2, 0.8), element("temperature", 3, 0.5),
            ]
            try run.write("results.json", "[\(elements.joined(separator: ","))]")
            let record = try run.comparison()
            let summary = try ComparisonSummary(record, resamples: 200)
            func shift(_ method: String) throws -> ComparisonSummary.Shift {
                try #require(summary.tasks[0].method(method)?.shifts.first)
            }
            let differences = [log(0.8 / 0.9), log(0.7 / 0.8)]
            let found = try shift("ivon").differences.first { $0.metric == Metric.nll.rawValue }
            let nll = try #require(found)
            #expect(abs(nll.value - (differences[0] + differences[1]) / 2) < 1e-12)
            // Answers are alike, so that resamples differ by their seeds alone.
            #expect(abs(nll.lower - differences[1]) < 1e-12)
            #expect(abs(nll.upper - differences[0]) < 1e-12)
            let interval = try #require(shift("map").metrics[.nll]?.interval)
            #expect(abs(interval.upperBound + log(0.7)) < 1e-12)
            #expect(try shift("map").differences.isEmpty)
            // A seed that `map` has not.
            #expect(try shift("temperature").differences.isEmpty)
            let entries = ComparisonTables(record, summary).sections[0].entries
            let entry = entries.first { $0.title == "Difference to AdamW (MAP) on tweets" }
            #expect(entry?.table.rows.map(\.first) == ["IVON"])
            // All are right, so the surer answers are better calibrated, too.
            #expect(entry?.table.marks == Set([2, 3].map { DataTable.Place(row: 0, column: $0) }))

            try run.write("ivon-tweets-2.jsonl", "")
            #expect(throws: ReportError.self) { try ComparisonSummary(record, resamples: 1) }
        }
    }

    @Test("summary.json is read back as it was, with infinite numbers")
    func json() throws {
        try withSmallComparison { record in
            let summary = try ComparisonSummary(record, resamples: 10)
            let text = try summary.json()
            #expect(text.contains("\"mean\" : \"inf\"") && text.contains("\"standard_error\" : "))
            let read = try JSONDecoder().decode(ComparisonSummary.self, from: Data(text.utf8))
            #expect(read == summary)
        }
    }

    @Test("Tables hold these numbers and mark what is best")
    func tables() throws {
        try withSmallComparison { record in
            let tables = ComparisonTables(record, try ComparisonSummary(record, resamples: 10))
            let entries = tables.sections[0].entries
            #expect(tables.sections.map(\.title) == ["films: 4 examples (test), seeds 1, 2"])
            #expect(
                entries.map(\.title) == [
                    "Quality and calibration", "95% intervals", "Difference to AdamW (MAP)",
                    "Answering only when confident",
                    "Telling tweets (250 examples) from films by uncertainty", "Cost",
                ]
            )
            let quality = entries[0].table
            let same = ["0.250±0.000", "0.250±0.000"]
            #expect(
                quality.rows == [
                    ["AdamW (MAP)", "0.850±0.050", "0.100±0.000"] + same
                        + ["0.500±0.000", "0.250±0.000", "0.2500±0.0000"],
                    ["temperature scaling", "0.800±0.000", "0.050±0.000"] + same
                        + ["0.400±0.000", "0.250±0.000", "0.2500±0.0000"],
                    ["IVON", "0.800±0.000", "0.100±0.000"] + same
                        + ["infinite", "0.250±0.000", "0.2500±0.0000"],
                ]
            )
            // The accuracy of map, ECE and NLL of temperature; what is equal for all has no best.
            #expect(quality.marks == places([0, 1], [1, 2], [1, 5]))
            #expect(
                entries[1].table.rows[2] == [
                    "IVON", "[1.000,\u{A0}1.000]", "[0.100,\u{A0}0.100]", "[0.105,\u{A0}0.105]",
                ]
            )
            let differences = entries[2].table
            let none = "0.000 [0.000,\u{A0}0.000]"
            #expect(
                differences.rows == [
                    [
                        "temperature scaling", none, "-0.050 [-0.050,\u{A0}-0.050]",
                        "-0.061 [-0.061,\u{A0}-0.061]",
                    ],
                    ["IVON", none, "-0.100 [-0.100,\u{A0}-0.100]", "-0.118 [-0.118,\u{A0}-0.118]"],
                ]
            )
            #expect(differences.marks == places([0, 2], [0, 3], [1, 2], [1, 3]))
            #expect(
                entries[4].table.header.dropFirst() == [
                    "AUROC, entropy", "AUPR, entropy", "FPR95, entropy",
                ]
            )
            #expect(
                entries[4].table.rows == [
                    ["IVON", "0.750±0.000", "0.500±0.000", "0.250±0.000"]
                ]
            )
            #expect(
                entries[5].table.rows[0] == ["AdamW (MAP)", "21.0", "3.2", "10", "1.84", "9000"]
            )
        }
    }

    private func places(_ places: [Int]...) -> Set<DataTable.Place> {
        Set(places.map { DataTable.Place(row: $0[0], column: $0[1]) })
    }

    @Test("A table for a terminal is aligned, with asterisks where cells are marked")
    func alignment() {
        var table = DataTable(
            ["name", "a", "bb"],
            [["x", "1.5", "-2"], ["long name", "10", ""]]
        )
        table.marks = places([0, 1])
        let text = """
            name         a   bb
            x          1.5*  -2
            long name   10
            """
        #expect(table.text == text)
        let markdown = """
            | name | a | bb |
            | --- | ---: | ---: |
            | x | **1.5** | -2 |
            | long name | 10 |  |
            """
        #expect(table.markdown == markdown)
        #expect("a bb ccc dddddd".wrapped(at: 5) == "a bb\nccc\ndddddd")
    }

    @Test("Markdown, LaTeX and CSV hold the same numbers")
    func otherForms() throws {
        try withSmallComparison { record in
            let tables = ComparisonTables(record, try ComparisonSummary(record, resamples: 10))
            let row = "| AdamW (MAP) | **0.850±0.050** | 0.100±0.000 | 0.250±0.000 |"
            #expect(tables.markdown.contains(row))
            #expect(tables.markdown.hasPrefix("## films: 4 examples (test), seeds 1, 2\n"))
            let group = #"""
                \toprule
                Metric & Method & films \\
                \midrule
                ACC (\%) $\uparrow$ & AdamW (MAP) & \textbf{85.0}$_{5.0}$ \\
                 & temperature scaling & 80.0$_{0.0}$ ($-5.0$) \\
                 & IVON & 80.0$_{0.0}$ ($-5.0$) \\
                \midrule
                """#
            #expect(tables.latex.contains(group), "\(tables.latex)")
            let nll = #"""
                NLL $\downarrow$ & AdamW (MAP) & 0.500$_{0.000}$ \\
                 & temperature scaling & \textbf{0.400}$_{0.000}$ ($-0.100$) \\
                 & IVON & $\infty$ \\
                """#
            #expect(tables.latex.contains(nll), "\(tables.latex)")
            let lines = tables.csv.split(separator: "\r\n").map(String.init)
            #expect(lines[0] == "task,method,seed,metric,value")
            #expect(lines.contains("films,map,2,accuracy,0.9"))
            #expect(lines.contains("films,ivon,2,nll,inf"))
            #expect(lines.contains("films,ivon,1,cost.peak_memory_bytes,9000000000.0"))
            #expect(lines.contains("films,ivon,1,ood.tweets.entropy.fpr95,0.25"))
            // 10 metrics and 5 costs of 6 results, and 3 numbers of 2 shifts.
            #expect(lines.count == 1 + 6 * 15 + 2 * 3)
        }
    }

    @Test("Names are escaped in every form")
    func escaping() throws {
        try withRun { run in
            let task = #"a|b_c & "d", {e}\\"#
            let element = ResultTexts.element(
                task: #"a|b_c & \"d\", {e}\\\\"#,
                method: "map"
            )
            try run.write("results.json", ResultTexts.list(element))
            try run.write("map-1.jsonl", ResultTexts.predictions(0.8))
            let record = try run.comparison()
            #expect(record.tasks == [task])
            let tables = ComparisonTables(record, try ComparisonSummary(record, resamples: 1))
            #expect(tables.csv.contains(#""a|b_c & ""d"", {e}\\",map,1,ece,0.1"#))
            #expect(tables.latex.contains(#"a\textbar{}b\_c \& "d", \{e\}\textbackslash{}"#))
            #expect(tables.markdown.contains(#"## a\|b\_c \& "d", {e}\\\\:"#))
            #expect(isWellFormed(try run.comparisonReport().html, root: "html"))
        }
    }

    @Test("With several tasks the mean over them comes last, over the seeds that all have")
    func average() throws {
        try withRun { run in
            var elements = [(1, 0.2), (2, 0.4), (3, 1.0)].map { seed, ece in
                ResultTexts.element(task: "films", method: "base", seed: seed, ece: ece)
            }
            elements += [(1, 0.4), (2, 0.8)].map { seed, ece in
                ResultTexts.element(task: "tweets", method: "base", seed: seed, ece: ece)
            }
            elements.append(ResultTexts.element(task: "tweets", method: "swa"))
            try run.write("results.json", "[\(elements.joined(separator: ","))]")
            for name in ["base-1", "base-2", "base-3", "swa-1"] {
                try run.write("\(name).jsonl", ResultTexts.predictions(0.8))
            }
            let record = try run.comparison()
            let summary = try ComparisonSummary(record, resamples: 10)
            #expect(summary.average.map(\.method) == ["base"])
            // (0.2 + 0.4) / 2 and (0.4 + 0.8) / 2: 0.3 and 0.6.
            let ece = try #require(summary.average[0].metrics[.ece])
            #expect(abs(ece.mean - 0.45) < 1e-12 && ece.seeds == 2)
            #expect(abs((ece.standardError ?? 0) - 0.15) < 1e-12)
            let tables = ComparisonTables(record, summary)
            #expect(tables.sections.map(\.title).last == "Mean over 2 tasks")
            #expect(tables.latex.contains(#"Metric & Method & films & tweets & Average \\"#))
            let row = #"SWA & -- & \textbf{10.0} & -- \\"#
            #expect(tables.latex.contains(row), "\(tables.latex)")
        }
    }

    @Test("One seed has no standard error")
    func oneSeed() throws {
        try withRun { run in
            try run.write("results.json", ResultTexts.list(ResultTexts.element(method: "base")))
            try run.write("base-1.jsonl", ResultTexts.predictions(0.8))
            let record = try run.comparison()
            let tables = ComparisonTables(record, try ComparisonSummary(record, resamples: 10))
            let row = tables.sections[0].entries[0].table.rows[0]
            #expect(
                row == ["base model"] + ["0.800", "0.100", "0.250", "0.250", "0.500", "0.250"] + [
                    "0.2500"
                ]
            )
            #expect(tables.sections[0].title == "films: 4 examples (test), seed 1")
        }
    }

    @Test("The sentences name what is clearly better, and by how much")
    func headline() throws {
        try withSmallComparison { record in
            let summary = try ComparisonSummary(record, resamples: 10)
            let sentences = ComparisonHeadline(summary.tasks[0]).sentences
                .map { $0.replacing("\u{A0}", with: " ") }
            #expect(
                sentences == [
                    "On films, 1 of 1 methods clearly lowers AdamW's NLL of 0.500: IVON (-0.118 "
                        + "[-0.118, -0.118]); 1 of 1 methods clearly lowers AdamW's ECE of 0.100: "
                        + "IVON (-0.100 [-0.100, -0.100]).",
                    "Temperature scaling, the bar since it costs one number fitted on validation, "
                        + "reaches NLL 0.400 (-0.061 [-0.061, -0.061]) and ECE 0.050 (-0.050 "
                        + "[-0.050, -0.050]); 0 of 1 methods have a lower mean NLL and 0 of 1 a "
                        + "lower mean ECE; the lowest are NLL infinite with IVON and ECE 0.100 "
                        + "with IVON.",
                ]
            )
        }
    }

    @Test(
        "What is worse or not clearly different is said, too",
        arguments: [
            (-0.2, -0.1, "1 of 1 methods clearly lowers AdamW's NLL of 0.500: IVON"),
            (-0.1, 0.1, "NLL is not clearly different with IVON."),
            (0.1, 0.2, "NLL is clearly higher with IVON (+0.150 [+0.100,\u{A0}+0.200])."),
        ]
    )
    func verdicts(_ lower: Double, _ upper: Double, _ says: String) throws {
        try withSmallComparison { record in
            var summary = try ComparisonSummary(record, resamples: 1)
            summary.tasks[0].methods[2].differences = [
                PairedDifference(
                    metric: "nll",
                    value: (lower + upper) / 2,
                    lower: lower,
                    upper: upper
                )
            ]
            let sentences = ComparisonHeadline(summary.tasks[0]).sentences
            #expect(sentences.joined(separator: "\n").contains(says), "\(sentences)")
            #expect(sentences[0].contains("none of 1 methods clearly lowers AdamW's ECE"))
        }
    }

    @Test("Methods that answered other examples are refused with method and task")
    func unpaired() throws {
        try withSmallComparison { record in
            var other = ResultTexts.predictions(0.9)
            other[0].id = "another"
            try other.write(to: record.folder.appendingPathComponent("ivon-2.jsonl"))
            let error = #expect(throws: ReportError.self) { try ComparisonSummary(record) }
            #expect(error?.description.contains("ivon on films: ") == true)
            #expect(error?.description.contains("another") == true)
        }
    }
}
