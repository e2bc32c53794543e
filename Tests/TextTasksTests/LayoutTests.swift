import Foundation
import JSON
import Testing

@testable import TextTasks

@Suite("Rows and files in layouts of other tools")
struct LayoutTests {
    @Test(
        "A row of another tool is recognised, and the sentence says what to write",
        arguments: [
            (#"{"sentence1":"a","sentence2":"b","label":0}"#, "a pair of sentences", "in one"),
            (#"{"premise":"a","hypothesis":"b","label":0}"#, "a pair of sentences", "in one"),
            (#"{"prompt":"a","completion":" b"}"#, "a prompt with its completion", #""choices""#),
            (#"{"prompt":"a","response":" b"}"#, "a prompt with its response", #""choices""#),
            (#"{"instruction":"a","input":"","output":"b"}"#, "an instruction", #""choices""#),
            (#"{"prompt":"a","chosen":"b","rejected":"c"}"#, "a better and a worse", #""label""#),
            (#"{"messages":[{"role":"user","content":"a"}]}"#, "a conversation", "last message"),
            (#"{"conversations":[{"from":"human"}]}"#, "a conversation", "last message"),
            (
                #"{"question":"a","subject":"s","choices":["x","y","z","w"],"answer":2}"#,
                "MMLU", #""A" for 0"#
            ),
            (#"{"ind":1,"ctx":"a","endings":["x","y"],"label":"1"}"#, "HellaSwag", #""endings""#),
            (#"{"startphrase":"a","ending0":"x","label":1}"#, "SWAG", "the endings"),
            (#"{"goal":"a","sol1":"x","sol2":"y","label":0}"#, "PIQA", #""sol1" and "sol2""#),
            (#"{"id":"q","question":{"stem":"a","choices":[]},"answerKey":"B"}"#, "ARC", "--data"),
            (
                #"{"question":"a","choices":{"text":["x"],"label":["A"]},"answerKey":"A"}"#,
                "ARC", "arc-easy"
            ),
            (
                #"{"sentence":"a _","option1":"x","option2":"y","answer":"1"}"#,
                "WinoGrande", "winogrande-s"
            ),
            (#"{"question":"a","passage":"b","answer":true}"#, "BoolQ", "--task boolq"),
            (#"{"premise":"a","choice1":"x","choice2":"y","label":0}"#, "COPA", #""choice1""#),
            (#"{"context":"a","question":"b","answerA":"x","label":"1"}"#, "Social IQa", "letter"),
            (#"{"question":"a","correct_answer":"x","distractor1":"y"}"#, "SciQ", "letter"),
            (#"{"article":"a","question":"b","options":["x"],"answer":"A"}"#, "RACE", "options"),
            (#"{"question":"b","options":["x"],"answer":"A"}"#, "with options", "options"),
            (#"{"context":"a","question":"b","answers":{"text":["x"]}}"#, "SQuAD", "chosen"),
            (#"{"question":"a","answer":"7 = 7"}"#, "a free answer", #""choices""#),
        ]
    )
    func rows(_ line: String, _ name: String, _ advice: String) throws {
        try withFolder(["data.jsonl": line + "\n"]) { folder in
            let file = folder.appendingPathComponent("data.jsonl")
            let found = sentence { _ = try TextTask.load(file: file, task: file.path) }
            let start = "\(file.path):1: expected \(RowLayout.own), found what looks like "
            #expect(found.hasPrefix(start), "\(found)")
            #expect(found.dropFirst(start.count).contains(name), "\(found)")
            #expect(found.contains(advice), "\(found)")
        }
    }

    @Test("A fault in a row of one's own is said as it is, whatever other keys the row has")
    func ownRows() throws {
        let line = #"{"prompt":"a","text":"b","choices":["x","y"],"label":7,"completion":"c"}"#
        try withFolder(["data.jsonl": line]) { folder in
            let file = folder.appendingPathComponent("data.jsonl")
            let found = sentence { _ = try TextTask.load(file: file, task: file.path) }
            #expect(found.hasSuffix("\"label\" is 7 and should be a whole number within 0...1"))
        }
    }

    @Test(
        "A file that is no JSON Lines is recognised by what it begins with",
        arguments: [
            ("text,label\nGood,1\n", "a table with commas (CSV)", "ends in .csv"),
            ("\"text\";\"label\"\n\"Good\";1\n", "a table with commas (CSV)", "text,label"),
            ("text\tlabel\nGood\t1\n", "a table with tabs (TSV)", "\"choices\""),
            ("[{\"text\":\"a\"},\n{\"text\":\"b\"}]", "a JSON array", "without the brackets"),
            ("\n [\n  {\n", "a JSON array", "one on each line"),
            ("{\n  \"data\": []\n}\n", "JSON over several lines", "on one line"),
            ("<!DOCTYPE html>\n", "HTML or XML", "in place of the file"),
            ("PAR1\u{15}\u{4}", "Parquet", "read_parquet"),
            ("ARROW1\u{0}\u{0}", "Arrow", "from_file"),
            ("PK\u{3}\u{4}\u{14}", "a ZIP archive", "unpack it"),
            ("SQLite format 3\u{0}", "an SQLite database", "\"choices\""),
            ("version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer", "git lfs pull"),
            ("BZh91AY", "a file packed by bzip2", "bunzip2"),
        ]
    )
    func forms(_ text: String, _ name: String, _ advice: String) throws {
        try expectForm(Data(text.utf8), name, advice)
    }

    @Test(
        "So is one that is no text",
        arguments: [
            ([0x1f, 0x8b, 8, 0], "a file packed by gzip", "gunzip"),
            ([0x28, 0xb5, 0x2f, 0xfd], "a file packed by Zstandard", "unzstd"),
            ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], "a file packed by xz", "unxz"),
            ([0xff, 0xfe, 0x7b, 0], "text in UTF-16", "UTF-8"),
            ([0xfe, 0xff, 0, 0x7b], "text in UTF-16", "UTF-8"),
            ([0xff, 0xff, 0xff, 0xff, 0x10], "Arrow", "from_file"),
        ] as [([UInt8], String, String)]
    )
    func binaryForms(_ bytes: [UInt8], _ name: String, _ advice: String) throws {
        try expectForm(Data(bytes), name, advice)
    }

    private func expectForm(_ data: Data, _ name: String, _ advice: String) throws {
        try withFolder([:]) { folder in
            let file = folder.appendingPathComponent("rows")
            try data.write(to: file)
            for limit in [nil, 1] {
                let found = sentence {
                    _ = try TextTask(file.path).load(.test, seed: 1, limit: limit)
                }
                // A file of a line or two cannot be split, which a limit lets show first.
                if limit != nil, found.contains("splitting needs") { continue }
                let start = "\(file.path): expected a JSON object a line, found \(name)"
                #expect(found.hasPrefix(start), "\(found)")
                #expect(found.contains(advice), "\(found)")
            }
        }
    }

    @Test("A folder without the part says what it has instead")
    func folders() throws {
        try withFolder(["train.tsv": "text\tlabel\n", "README.md": "", ".hidden": ""]) { folder in
            #expect(
                sentence { _ = try TextTask(folder.path).load(.train, seed: 1) }
                    == "\(folder.path): the train part needs train.jsonl or train.csv or train/, "
                    + "which is not there; there is train.tsv (a table with tabs (TSV)): "
                    + #"write each row as {"prompt": ..., "choices": [...], "label": 0} "#
                    + "on a line of its own"
            )
        }
    }

    @Test("A pipe among the files is not opened")
    func pipes() throws {
        try withFolder([:]) { folder in
            for name in ["rows.csv", "train.csv"] {
                #expect(mkfifo(folder.appendingPathComponent(name).path, 0o600) == 0)
            }
            let found = sentence { _ = try TextTask(folder.path).load(.train, seed: 1) }
            #expect(
                found.hasSuffix("train.csv: cannot be read: it is not a regular file"),
                "\(found)"
            )
        }
    }

    @Test("Plain text is no known form: the place and what was found are said")
    func plainText() throws {
        try withFolder(["data.jsonl": "Once upon a time\n"]) { folder in
            let file = folder.appendingPathComponent("data.jsonl")
            #expect(
                sentence { _ = try TextTask.load(file: file, task: file.path) }
                    == "\(file.path):1: not valid JSON at column 1: expected a value, found 'Once'"
            )
        }
    }
}
