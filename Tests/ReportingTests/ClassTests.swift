import Foundation
import JSON
import Metrics
import RunFiles
import Testing
import TextTasks

@testable import Reporting

/// Files of a run whose rows share `names` as answers; every third row is answered wrongly.
struct WrittenClasses {
    let names: [String]
    var count = 300
    /// The text of a row.
    var text: (Int) -> String = { "What is row \($0)?" }

    private var predictions: [Prediction] {
        (0..<count).map { index in
            let label = index * 7 % names.count
            let answer = index.isMultiple(of: 3) ? (label + 1) % names.count : label
            let confidence = 0.5 + 0.49 * Double(index % 11) / 11
            let rest = (1 - confidence) / Double(max(1, names.count - 1))
            let probabilities = names.indices.map { $0 == answer ? confidence : rest }
            return Prediction(id: "row \(index)", label: label, probabilities: probabilities)
        }
    }

    func write(to run: WrittenRun) throws {
        let examples = (0..<count).map { index in
            Example(id: "row \(index)", prompt: text(index), choices: names, label: 0)
        }
        let folder = RunFolder(run.folder)
        try run.write("predictions/keep", "")
        try predictions.write(to: folder.predictions("test"))
        try PartTexts(of: examples, predictions).write(to: folder.texts)
    }

    func write(_ promise: DecisionPromise, to run: WrittenRun) throws {
        try write(to: run)
        let policy = try DecisionPolicy(promise, validation: predictions, test: predictions)
        try RunFolder(run.folder).write(policy)
    }
}

@Suite("Answer by answer, and policies, in reports")
struct ClassTests {
    @Test("Few answers are all on the page, many are the worst thirty, and all in the CSV file")
    func counts() throws {
        for (count, shown) in [(4, 4), (30, 30), (77, 30)] {
            try withRun { run in
                try WrittenClasses(names: (0..<count).map { "intent \($0)" }).write(to: run)
                let record = try run.record()
                let tables = try #require(try ClassTables(record.test, record.texts))
                #expect(tables.classes.rows.count == shown && tables.isCut == (count > shown))
                #expect(tables.csv.split(separator: "\r\n").count == count + 1)
                let report = try RunReport(record)
                #expect((report.classesCSV == nil) == (count == shown))
                #expect(report.html.contains("Answer by answer"))
                #expect(report.html.contains("worst of \(count) are shown") == (count > shown))
                let inspected = try #require(try ClassTables(RunFolder(run.folder)))
                #expect(inspected.classes == tables.classes)
                // A third of the answers is wrong, each in favour of the next one.
                #expect(tables.confusions.rows.count == min(count, ClassTables.shownConfusions))
            }
        }
    }

    @Test("A run without names has its notable rows by id and number, and no table of answers")
    func unnamed() throws {
        try withRun { run in
            try WrittenClasses(names: ["no", "yes"], count: 9).write(to: run)
            try FileManager.default.removeItem(at: RunFolder(run.folder).texts)
            let html = try run.report().html
            #expect(!html.contains("Answer by answer"))
            #expect(html.contains("row 0") && html.contains("answer 1"))
            #expect(isWellFormed(html, root: "html"))
        }
    }

    @Test("Names and texts of any kind stay texts on the page and in the CSV file")
    func hostile() throws {
        let texts = HostileTexts.all
        try withRun { run in
            let names = texts.map { "x" + $0 }
            let made = WrittenClasses(names: names, count: 2000) { texts[$0 % texts.count] }
            try made.write(to: run)
            let report = try run.report()
            #expect(isWellFormed(report.html, root: "html"))
            #expect(!report.html.contains("<script"))
            #expect(report.classesCSV?.contains("\r\n=") == false)
        }
    }

    @Test("Texts are kept of the rows that are shown, and long ones are cut where they may be")
    func texts() {
        let examples = (0..<100).map { index in
            Example(
                id: "\(index)",
                prompt: "start " + String(repeating: "e\u{301}", count: 400) + " end\n",
                answers: [" no", " yes" + String(repeating: "!", count: 200)],
                label: 0,
                truncation: index.isMultiple(of: 2) ? .keepsEnd : .keepsStart
            )
        }
        let predictions = (0..<100).map {
            Prediction(id: "\($0)", label: 0, probabilities: [0.6 + 0.001 * Double($0), 0])
        }
        let texts = PartTexts(of: examples, predictions)
        #expect(Set(texts.texts.keys) == Set((0..<20).map(String.init)))
        #expect(texts.texts["0"]?.hasPrefix("…") == true)
        #expect(texts.texts["0"]?.hasSuffix("end") == true)
        #expect(texts.texts["1"]?.hasPrefix("start ") == true)
        #expect(texts.texts.values.allSatisfy { $0.unicodeScalars.count == 301 })
        #expect(texts.answers?.first == "no" && texts.answers?.last?.count == 101)
        var mixed = examples
        mixed[3].answers = ["A", "B"]
        #expect(PartTexts(of: mixed, predictions).answers == nil)
    }

    @Test("The promise is drawn, and the policy told in full")
    func policy() throws {
        try withRun { run in
            let made = WrittenClasses(names: ["no", "yes"])
            try made.write(.error(atMost: 0.5, confidence: 0.9), to: run)
            let figure = try #require(try Figure.selective(run.record()))
            #expect(figure.svg.contains("promise, at most 50%") && figure.svg.contains(">policy<"))
            #expect(figure.caption.hasSuffix("Policy: Answer always."))
            let html = try run.report().html
            #expect(html.contains("At most 50% of the answers given are wrong"))
            #expect(html.contains("Kept on the test part: 34.7% wrong."))
            #expect(figure.warnings.isEmpty)
        }
    }

    @Test("A promise that is broken on the test part is a warning")
    func broken() throws {
        try withRun { run in
            let made = WrittenClasses(names: ["no", "yes"])
            try made.write(.error(atMost: 0.5, confidence: 0.9), to: run)
            let file = RunFolder(run.folder).policy
            let text = try String(contentsOf: file, encoding: .utf8)
            try run.write("policy.json", text.replacing("\"error\" : 0.5", with: "\"error\" : 0.1"))
            let figure = try #require(try Figure.selective(run.record()))
            let warning = "Not kept on the test part: 34.7% wrong, which chance hardly explains."
            #expect(figure.warnings == [warning])
        }
    }

    @Test("Costs and other scores are drawn from the predictions, whatever the file says")
    func strange() throws {
        try withRun { run in
            let made = WrittenClasses(names: ["no", "yes"])
            try made.write(.payoff(.init(right: 1, wrong: -1, abstain: 0)), to: run)
            let html = try run.report().html
            #expect(html.contains("mean payoff"))
            let share = #"{"count":1,"total":1,"value":1e300,"lower":-1e300,"upper":0}"#
            try run.write(
                "policy.json",
                """
                {"promise":{"error":0.5,"confidence":0.5},"rule":{"score":"entropy",\
                "answers":"some","threshold":-1e300},"validation":{"coverage":\(share)},\
                "test":{"coverage":\(share),"error":\(share)}}
                """
            )
            let strange = try run.report().html
            #expect(isWellFormed(strange, root: "html") && strange.contains("by entropy (nats)"))
            try run.write("policy.json", #"{"promise":{}}"#)
            #expect(throws: JSONError.self) { try run.report() }
        }
    }
}
