import Foundation
import Testing

@testable import TextTasks

@Suite("Texts with labels")
struct LabelledTextTests {
    private static let train = """
        text,category
        "Where, please, is it?",card_arrival
        It is gone,lost
        "Two
        lines",card_arrival
        """
    private static let ask = "\n\nQuestion: Which label fits the text?\nAnswer:"

    @Test(
        "Texts of another task choose between the trained one's labels where theirs are no choice"
    )
    func otherTask() throws {
        let files = [
            "bare.jsonl": (0..<30).map { "{\"text\": \"Text \($0)\"}\n" }.joined(),
            "own.csv": "text,label\nOne,no\nTwo,yes\n",
            "folder/test.csv": "text\nThree\n",
            "scope.csv": "text,label\nFour,oos\nFive,oos\n",
            "part/test.csv": "text,label\nSix,oos\nSeven,lost\n",
        ]
        try withFolder(files) { folder in
            func load(_ name: String, limit: Int? = nil) throws -> [Example] {
                try TextTask(folder.appendingPathComponent(name).path)
                    .loadForOthers(labels: ["card_arrival", "lost"], seed: 1, limit: limit)
                    .examples
            }
            let bare = try load("bare.jsonl")
            #expect(bare.count == 30 && bare.allSatisfy { $0.label == nil })
            #expect(bare[0].answers == [" card_arrival", " lost"])
            #expect(try load("bare.jsonl", limit: 3).map(\.prompt) == bare.prefix(3).map(\.prompt))
            let own = try load("own.csv")
            #expect(own.map(\.label) == [0, 1] && own[0].answers == [" no", " yes"])
            #expect(try load("folder").map(\.answers) == [[" card_arrival", " lost"]])
            let scope = try load("scope.csv")
            #expect(scope.map(\.label) == [nil, nil] && scope[1].answers == bare[0].answers)
            #expect(try load("part").map(\.label) == [nil, 1])
        }
    }

    @Test("A table's labels are the options of every part, in sorted order and not listed")
    func table() throws {
        let test = "id,note,text,category\nx,?,Lost it,lost\n"
        try withFolder(["train.csv": Self.train, "test.csv": test]) { folder in
            let task = try TextTask(folder.path)
            #expect(try task.labels() == ["card_arrival", "lost"])
            let examples = try task.load(.test, seed: 1).examples
            #expect(examples.map(\.id) == ["x"] && examples.map(\.label) == [1])
            #expect(examples[0].prompt == "Lost it" + Self.ask)
            #expect(examples[0].answers == [" card_arrival", " lost"])
            let all = try [Split.train, .validation].flatMap { try task.load($0, seed: 1).examples }
            #expect(
                Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0.prompt) }) == [
                    "train.csv:2": "Where, please, is it?" + Self.ask,
                    "train.csv:3": "It is gone" + Self.ask,
                    "train.csv:4": "Two\nlines" + Self.ask,
                ]
            )
        }
    }

    @Test("Lines of JSON, tables and folders of files with the same texts are the same task")
    func layouts() throws {
        let texts = (0..<30).map { ("text \($0)", ["no", "yes", "7"][$0 % 3]) }
        let lines = texts.map { text, label in
            let label = label == "7" ? label : "\"\(label)\""
            return #"{"sentence": "\#(text)", "label": \#(label), "idx": 3}"#
        }
        let records = texts.map { "\($0),\($1)" }
        func rows(_ task: TextTask) throws -> [[String]] {
            #expect(try task.labels() == ["7", "no", "yes"])
            return try task.load(.test, seed: 1).examples
                .map { [$0.prompt, $0.answers[$0.label ?? 0]] }.sorted { $0[0] < $1[0] }
        }
        let expected = texts.map { [$0 + Self.ask, " " + $1] }.sorted { $0[0] < $1[0] }
        let jsonl = lines.joined(separator: "\n")
        let csv = (["sentence,label"] + records).joined(separator: "\r\n")
        for files in [
            ["train.jsonl": jsonl, "test.csv": csv], ["train.csv": csv, "test.jsonl": jsonl],
        ] {
            let found = try withFolder(files) { try rows(TextTask($0.path)) }
            #expect(found == expected)
        }
        try withFolder([:]) { folder in
            for (index, (text, label)) in texts.enumerated() {
                for part in ["train", "test"] {
                    let home = folder.appendingPathComponent("\(part)/\(label)")
                    try FileManager.default.createDirectory(
                        at: home,
                        withIntermediateDirectories: true
                    )
                    try Data("\n\(text) \n".utf8)
                        .write(to: home.appendingPathComponent("\(index).txt"))
                }
            }
            let task = try TextTask(folder.path)
            #expect(try rows(task) == expected)
            #expect(try task.load(.test, seed: 1, limit: 1).examples.map(\.id) == ["7/11.txt"])
            #expect(try task.load(.train, seed: 1).examples.count == 27)
            #expect(DataSurvey(task).warnings.isEmpty)
        }
    }

    @Test("Letters and lists are a matter of style")
    func styles() throws {
        func example(_ style: PromptStyle) throws -> Example {
            try withFolder(["train.csv": Self.train, "test.csv": "text,label\nGone,lost\n"]) {
                try TextTask($0.path, style: style).load(.test, seed: 1).examples[0]
            }
        }
        let head = "Gone\n\nQuestion: Which label fits the text?\n"
        let listed = try example(PromptStyle(answers: .automatic, listsOptions: true))
        #expect(listed.prompt == head + "Options:\n- card_arrival\n- lost\nAnswer:")
        #expect(listed.answers == [" card_arrival", " lost"])
        let lettered = try example(PromptStyle(answers: .letters, listsOptions: true))
        #expect(lettered.prompt == head + "Options:\nA. card_arrival\nB. lost\nAnswer:")
        #expect(lettered.answers == [" A", " B"])
        #expect(
            sentence { _ = try example(PromptStyle(answers: .letters)) }.contains("list-options")
        )
    }

    @Test("Rows for prediction choose between the labels that they are given")
    func prediction() throws {
        let rows = "{\"text\": \"Gone\"}\n{\"text\": \"Lost\", \"label\": \"b\"}\n"
        try withFolder(["rows.jsonl": rows]) { folder in
            let file = folder.appendingPathComponent("rows.jsonl")
            func load(_ labels: [String]?) throws -> [Example] {
                try TextTask.load(file: file, task: "gone", labels: labels).examples
            }
            let examples = try load(["b", "a"])
            #expect(examples.map(\.label) == [nil, 1])
            #expect(examples.allSatisfy { $0.answers == [" a", " b"] })
            #expect(
                sentence { _ = try load(nil) }.contains(":1: a text needs labels to choose from")
            )
            #expect(
                sentence { _ = try load(["a", "c"]) }.contains("\"b\" is none of the 2 of the run")
            )
        }
    }

    @Test(
        "Rows that cannot be used are refused with file and line",
        arguments: [
            (
                ["test.csv": "text,label\nx,stolen\n"],
                ".csv:2: the label \"stolen\" is none of the 2"
            ),
            (["test.csv": "text,label\n,lost\n"], "test.csv:2: the text is empty"),
            (["test.csv": "text,label\nx,\n"], "test.csv:2: the line does not say which answer"),
            (["test.csv": "text\nx\n"], "test.csv:2: the line does not say which answer"),
            (["test.csv": "a,b\nx,y\n"], "test.csv:1: expected a header with \"text\" or"),
            (["test.csv": "text;label\nx;lost\n"], "found \"text;label\""),
            (["test.csv": "text,label,category\nx,y,z\n"], "should have one of label, category"),
            (["test.csv": "id,text,label\n1,x,lost\n1,y,lost\n"], "csv:3: the id \"1\" is that of"),
            (["test.jsonl": #"{"text": "x", "sentence": "y"}"#], "or \"sentence\" and has both"),
            (
                ["test.jsonl": #"{"text": null, "label": "lost"}"#],
                "test.jsonl:1: the text is missing"
            ),
            (
                ["test.jsonl": #"{"text": "x", "label": 0.5}"#],
                "label: expected a string or a whole"
            ),
            (
                ["test.jsonl": #"{"text": "x", "label": "lost"}"#, "test.csv": "text\nx"],
                "should be one file and may be any of test.jsonl, test.csv"
            ),
            (
                ["train.csv": "text,label\nx,lost\ny,lost\n", "test.csv": "text\nx\n"],
                "two different labels, found only \"lost\""
            ),
        ] as [([String: String], String)]
    )
    func faults(_ files: [String: String], _ says: String) throws {
        let sound = ["train.csv": Self.train]
        try withFolder(sound.merging(files) { $1 }) { folder in
            let found = sentence { _ = try TextTask(folder.path).load(.test, seed: 1) }
            #expect(found.contains(says), "\(found)")
        }
    }

    @Test("A train file is of texts with labels altogether or not at all")
    func mixtures() throws {
        let prompt = #"{"prompt": "a", "choices": ["x", "y"], "label": 0}"#
        let text = #"{"text": "a", "label": "x"}"#
        for (lines, says) in [
            ([text, prompt, text], ":2: expected a text with its label, as the rows before it"),
            ([prompt, text, prompt], ":2: a text needs labels to choose from"),
        ] {
            try withFolder(["train.jsonl": lines.joined(separator: "\n")]) { folder in
                #expect(
                    sentence { _ = try TextTask(folder.path).load(.train, seed: 1) }.contains(says)
                )
            }
        }
    }

    @Test("A folder of texts has files of texts alone")
    func strangers() throws {
        try withFolder([:]) { folder in
            for path in ["train/a/1.txt", "train/b/2.txt", "train/b/2.md"] {
                let file = folder.appendingPathComponent(path)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(),
                    withIntermediateDirectories: true
                )
                try Data("x".utf8).write(to: file)
            }
            #expect(
                sentence { _ = try TextTask(folder.path).load(.train, seed: 1) }
                    .hasSuffix("2.md: a folder of texts should hold LABEL/NAME.txt alone")
            )
        }
    }
}
