import Foundation
import JSON
import Metrics
import Testing

@testable import Reporting

@Suite("Records of comparisons")
struct ComparisonRecordTests {
    private static let shift = """
        "shift":[{"task":"tweets","examples":250,"metrics":\(ResultTexts.metrics(0.7, 0.2, "0.9")),\
        "ood":{"max_probability":{"auroc":0.6,"aupr":0.5,"fpr95":0.9},\
        "mutual_information":{"auroc":0.7,"aupr":0.6,"fpr95":0.8}},"predictions":"x.jsonl"},\
        {"task":"science","examples":9,"predictions":"y.jsonl"}],
        """
    private static let whole = ResultTexts.list(
        ResultTexts.element(
            method: "ivon",
            seed: 9_007_199_254_740_993,
            nll: "\"inf\"",
            more: """
                "draws":10,"variance_scale":0.5,\(shift)\
                "draw_curve":[{"draws":2,"accuracy":0.9,"ece":0.1,"nll":0.2},\
                {"draws":1,"accuracy":0.8,"ece":0.2,"nll":"inf"}],\
                "variance_scale_curve":[{"variance_scale":0,"accuracy":0.8,"ece":0.2,"nll":0.3}],
                """
        ),
        ResultTexts.element(method: "base")
    )

    @Test("Every key of results.json is read")
    func reading() throws {
        try withRun { run in
            try run.write("results.json", Self.whole)
            let record = try run.comparison()
            #expect(record.tasks == ["films"] && record.methods(of: "films") == ["base", "ivon"])
            let result = try #require(record.results.first)
            #expect(result.seed == 9_007_199_254_740_993 && result.split == "test")
            #expect(result.metrics[.accuracy] == 0.8 && result.metrics[.nll] == .infinity)
            #expect(result.metrics.count == Metric.ofEveryExample.count)
            #expect(result.cost[.extraSeconds] == 3.25 && result.cost[.peakMemoryBytes] == 9e9)
            #expect(result.draws == 10 && result.varianceScale == 0.5)
            #expect(result.drawCurve.map(\.x) == [1, 2])
            #expect(result.drawCurve.map(\.nll) == [.infinity, 0.2])
            #expect(result.varianceScaleCurve.map(\.accuracy) == [0.8])
            #expect(result.shifts.map(\.task) == ["tweets", "science"])
            #expect(result.shifts[0].metrics?[.nll] == 0.9 && result.shifts[1].metrics == nil)
            #expect(result.shifts[0].separation[.maxProbability]?[.fpr95] == 0.9)
            #expect(result.shifts[0].separation[.mutualInformation]?[.auroc] == 0.7)
            #expect(result.shifts[0].separation[.entropy] == nil)
            let base = try #require(record.results.last)
            #expect(base.draws == 1 && base.varianceScale == 1)
            #expect(base.drawCurve.isEmpty && base.shifts.isEmpty)
            #expect(base.cost[.trainingSeconds] == 21 && base.cost[.backwardPasses] == nil)
        }
    }

    @Test("No two methods look the same, and an unknown one is called by its key")
    func methods() {
        let styles = ComparisonMethod.all.map { [$0.style.colour, $0.style.dash] }
        #expect(Set(styles).count == ComparisonMethod.all.count)
        #expect(styles.allSatisfy { (0...6).contains($0[0]) && (0...3).contains($0[1]) })
        #expect(ComparisonMethod.named("new").title == "new")
        #expect(
            ComparisonMethod.sorted(["new", "ivon", "x", "base", "new"]) == [
                "base", "ivon", "new", "x",
            ]
        )
        let tuned = ComparisonMethod.named("laplace-kfac-tuned")
        #expect(tuned.title == "Laplace (KFAC), tuned variance" && tuned.family == "laplace-kfac")
    }

    @Test(
        "A broken results.json is refused in one sentence with file, key, expected and found",
        arguments: [
            ("[", "not valid JSON at line 1, column 2"),
            ("{}", "the top level: expected an array, found an object"),
            ("[]", "the top level: expected results, found none"),
            ("[1]", "[0]: expected an object, found the number 1"),
            ("[{}]", "[0]: expected a value for \"task\", found none"),
            ("=\"task\":\"films\"=\"task\":\"\"", "[0].task: expected a string that is not empty"),
            ("=\"seed\":1=\"seed\":-1", "[0].seed: expected a whole number from 0 up, found the"),
            ("=\"examples\":4=\"examples\":0", "[0].examples: expected a whole number from 1 up"),
            ("=\"nll\":0.5=\"nll\":\"nan\"", "[0].metrics.nll: expected a number from 0 up or"),
            ("=\"nll\":0.5=\"nll\":-1", "[0].metrics.nll: expected a number from 0 up or \"inf\","),
            (
                "=\"accuracy\":0.8=\"accuracy\":1.5",
                "[0].metrics.accuracy: expected a number from 0 to 1, found the number 1.5"
            ),
            ("=\"brier\":0.25,=", "[0].metrics: expected a value for \"brier\", found none"),
            ("=\"cost\":{=\"price\":{", "[0]: expected a value for \"cost\", found none"),
            (
                "=\"cost\":=\"draw_curve\":[{\"draws\":1,\"accuracy\":1,\"ece\":0}],\"cost\":",
                "[0].draw_curve[0]: expected a value for \"nll\", found none"
            ),
            (
                "=\"cost\":=\"shift\":[{\"task\":\"t\",\"examples\":1,\"ood\":{\"entropy\":3}}],"
                    + "\"cost\":",
                "[0].shift[0].ood.entropy: expected an object, found the number 3"
            ),
        ]
    )
    func broken(_ change: String, _ says: String) throws {
        var text = change
        if change.hasPrefix("=") {
            let parts = change.split(separator: "=", omittingEmptySubsequences: false)
            text = ResultTexts.list(ResultTexts.element(method: "map"))
            #expect(text.contains(parts[1]))
            text = text.replacing(parts[1], with: parts[2])
        }
        try withRun { run in
            try run.write("results.json", text)
            let error = #expect(throws: JSONError.self) { try run.comparison() }
            let sentence = error?.description ?? ""
            #expect(sentence.contains("results.json: \(says)"), "\(sentence)")
            #expect(!sentence.contains("\n"))
        }
    }

    @Test("A task, method and seed that come twice are refused")
    func repeated() throws {
        try withRun { run in
            let element = ResultTexts.element(method: "map")
            try run.write("results.json", ResultTexts.list(element, element))
            let error = #expect(throws: JSONError.self) { try run.comparison() }
            #expect(error?.description.hasSuffix("found films, map, seed 1 once more") == true)
        }
    }

    @Test("Predictions that do not fit their result are refused with file and count")
    func predictions() throws {
        try withRun { run in
            try run.write("results.json", ResultTexts.list(ResultTexts.element(method: "map")))
            let record = try run.comparison()
            func sentence() -> String {
                do {
                    return "\(try record.predictions(of: record.results[0]).count) read"
                } catch {
                    return String(describing: error)
                }
            }
            #expect(sentence().contains("map-1.jsonl: the file cannot be read"))
            try run.write("map-1.jsonl", Array(ResultTexts.predictions(0.8).dropLast()))
            #expect(sentence().hasSuffix("expected 4 predictions, as results.json says, found 3"))
            var unlabelled = ResultTexts.predictions(0.8)
            unlabelled[2].label = nil
            try run.write("map-1.jsonl", unlabelled)
            #expect(sentence().hasSuffix("expected one for every example, found none for \"e2\""))
            try run.write("map-1.jsonl", ResultTexts.predictions(0.8))
            #expect(sentence() == "4 read")
        }
    }
}
