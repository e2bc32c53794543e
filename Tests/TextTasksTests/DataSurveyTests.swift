import Foundation
import Testing

@testable import TextTasks

@Suite("What is unusual about data")
struct DataSurveyTests {
    /// Rows whose labels repeat in the order given.
    private static func rows(
        _ labels: [Int],
        _ count: Int,
        from first: Int = 0,
        choices: [String] = ["even", "odd"]
    ) -> String {
        let list = choices.map { "\"\($0)\"" }.joined(separator: ",")
        return (first..<first + count).map {
            #"{"prompt":"Is \#($0)","choices":[\#(list)],"label":\#(labels[$0 % labels.count])}"#
                + "\n"
        }
        .joined()
    }

    private static let sound = [
        "train.jsonl": rows([0, 1], 40), "validation.jsonl": rows([0, 1], 20, from: 100),
        "test.jsonl": rows([0, 1], 20, from: 200),
    ]

    private func warnings(_ changes: [String: String]) throws -> [String] {
        try withFolder(Self.sound.merging(changes) { $1 }) { folder in
            let task = try TextTask(folder.path)
            var survey = DataSurvey(task)
            for part in Split.allCases { survey.add(try task.load(part, seed: 1), as: part) }
            return survey.warnings.map { $0.replacingOccurrences(of: folder.path + "/", with: "") }
        }
    }

    @Test("Of data that are as they should be, and of what only explains them, nothing is said")
    func sound() throws {
        #expect(try warnings([:]).isEmpty)
        #expect(try warnings(["README.md": "x", "LICENSE": "x", ".cache": "x"]).isEmpty)
    }

    @Test(
        "Each finding is one sentence that says what it means",
        arguments: [
            (
                ["validation.jsonl": rows([0, 1], 8, from: 100)],
                "validation.jsonl: the validation part has few rows, 8: "
                    + "each moves its accuracy by 0.125"
            ),
            (
                ["test.jsonl": rows([0, 1], 3, from: 200)],
                "test.jsonl: the test part has few rows, 3: each moves its accuracy by 0.333"
            ),
            (
                ["train.jsonl": rows([1], 40)],
                "train.jsonl: every row of the train part has the same answer, \"odd\": "
                    + "the model learns to give it whatever is asked"
            ),
            (
                ["validation.jsonl": rows([0], 20, from: 100)],
                "validation.jsonl: every row of the validation part has the same answer, \"even\": "
                    + "a model that always gives it looks perfect"
            ),
            (
                ["train.jsonl": rows([0] + [Int](repeating: 1, count: 19), 40)],
                "train.jsonl: the labels of the train part are far out of balance: \"odd\" is "
                    + "right in 38 rows and \"even\" in 2, so that accuracy says little"
            ),
            (
                ["train.jsonl": rows([0, 1], 40, choices: ["even", "odd", "neither"])],
                "train.jsonl: the labels of the train part are far out of balance: \"even\" is "
                    + "right in 20 rows and \"neither\" in 0, so that accuracy says little"
            ),
            (
                ["test.jsonl": rows([0, 1], 30, from: 30)],
                "test.jsonl: 10 of the 30 rows of the test part are in the train part, too "
                    + "(test.jsonl:1 is the first): results on them show what was learnt by heart"
            ),
        ] as [([String: String], String)]
    )
    func findings(_ changes: [String: String], _ says: String) throws {
        #expect(try warnings(changes) == [says])
    }

    @Test("A file that is no part is named")
    func strangers() throws {
        let found = try warnings(["extra.jsonl": "", "train.tsv": "", "notes.txt": ""])
        #expect(found.count == 1)
        #expect(found[0].contains(": extra.jsonl, notes.txt, train.tsv: not used; "))
    }

    @Test("Answers that differ from row to row, and letters, are not taken for one class")
    func ownChoices() throws {
        // The right choice stands first in each row, which the model does not see.
        let train = (0..<40).map {
            #"{"prompt":"Name \#($0):","choices":["a\#($0)","b\#($0)"],"label":0}"# + "\n"
        }
        #expect(try warnings(["train.jsonl": train.joined()]).isEmpty)
        let letters = (0..<40).map {
            #"{"question":"Name \#($0)?","choices":["a\#($0)","b\#($0)"],"answer":"A"}"# + "\n"
        }
        #expect(try warnings(["train.jsonl": letters.joined()]).count == 1)
    }

    @Test("The validation part may have any usual name, and two of them are refused by name")
    func names() throws {
        for name in ["valid", "val", "eval", "dev", "development"].map({ "\($0).jsonl" }) {
            let rows = Self.rows([0, 1], 25, from: 300)
            try withFolder(["train.jsonl": Self.rows([0, 1], 40), name: rows]) { folder in
                let task = try TextTask(folder.path)
                #expect(try task.load(.validation, seed: 1).examples.count == 25)
                #expect(try task.load(.train, seed: 1).examples.count == 40)
                #expect(DataSurvey(task).warnings.isEmpty)
                try Data(rows.utf8).write(to: folder.appendingPathComponent("validation.jsonl"))
                #expect(
                    sentence { _ = try task.load(.validation, seed: 1) }
                        == "\(folder.path): the validation part should be one file and may be any "
                        + "of validation.jsonl, \(name)"
                )
            }
        }
    }

    @Test("Labels that differ in white space or case alone are told, and so are folders of texts")
    func alike() throws {
        let labels = ["pos", " pos", "neg"]
        let rows = (0..<40).map { "t\($0),\(labels[$0 % 3])\n" }.joined()
        let files = ["train.csv": "text,label\n" + rows, "Test/pos/1.txt": "x", "notes/a.md": "x"]
        try withFolder(files) { folder in
            let found = try DataSurvey(TextTask(folder.path)).warnings
            #expect(found.count == 2, "\(found)")
            #expect(found[0].contains(": Test: not used; "))
            let says = #"the labels " pos", "pos" differ in white space or case alone, and each is"#
            #expect(found[1].contains(says))
        }
    }
}
