import Foundation
import JSON
import Testing

@Suite("Rows that are out of scope")
struct OutOfScopeTests {
    private let training = [
        "train", "--model", "model", "--task", "task", "--threads", "1", "--steps", "4",
        "--draws", "2", "--output", "run",
    ]

    @Test("Rows of another task are told apart from the run's, labelled or not, file or folder")
    func outOfScope() throws {
        try withTool { tool in
            #expect(try tool.run(training).exitCode == 0)
            let rows = ["One", "Two", "Three"].map {
                #"{"prompt": "\#($0) is", "choices": ["a", "b", "c"]}"# + "\n"
            }
            let other = tool.folder.appendingPathComponent("other.jsonl")
            try Data(rows.joined().utf8).write(to: other)
            let evaluate = ["evaluate", "run", "--threads", "1", "--ood"]
            let outcome = try tool.run(evaluate + ["other.jsonl"])
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            let lines = outcome.output.split(separator: "\n").map(String.init)
            let first = try #require(lines.firstIndex { $0.hasPrefix("other.jsonl, 3 rows") })
            #expect(lines[first].hasSuffix("AUROC   AUPR  FPR at 95% TPR"))
            let scores = lines[(first + 1)...].map { $0.prefix(7) }
            #expect(scores == ["confide", "entropy", "mutual "])
            // Rows cannot be told from themselves.
            let own = try tool.run(evaluate + ["task", "--json"])
            #expect(own.exitCode == 0, "\(own.errors)")
            let detection = try JSONNode(parsing: Data(own.output.utf8), file: "own.json")
                .required("ood").required("detection")
            for score in ["max_probability", "entropy", "mutual_information"] {
                #expect(try detection.required(score).required("auroc").number() == 0.5)
            }
            let none = try tool.run(evaluate + ["nothing"])
            #expect(none.exitCode == 1 && none.errorLines.count == 1)
            let both = try tool.run(evaluate + ["task", "--curves"])
            #expect(both.exitCode == 64)
            #expect(both.errorLines == ["Error: --curves and --ood exclude each other"])
        }
    }

    @Test("Texts with a label that is none of the run's are rows of another kind, file or folder")
    func otherLabels() throws {
        try withTool { tool in
            func write(_ name: String, _ labels: [String]) throws {
                let rows = (0..<24).map { "text \($0),\(labels[$0 % labels.count])\n" }
                let file = tool.folder.appendingPathComponent(name)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data(("text,label\n" + rows.joined()).utf8).write(to: file)
            }
            try write("texts.csv", ["yes", "no"])
            try write("other/test.csv", ["oos"])
            let train = ["train", "--model", "model", "--task", "texts.csv", "--output", "run"]
            let settings = ["--threads", "1", "--steps", "1", "--draws", "2"]
            #expect(try tool.run(train + settings).exitCode == 0)
            for task in ["other", "other/test.csv"] {
                let outcome = try tool.run(["evaluate", "run", "--threads", "1", "--ood", task])
                #expect(outcome.exitCode == 0, "\(outcome.errors)")
                #expect(outcome.output.contains("\(task), 24 rows"))
            }
        }
    }
}
