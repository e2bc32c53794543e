import Foundation
import JSON
import Testing

@testable import TextTasks

@Suite("Lines of data files")
struct RowTests {
    private func load(_ text: String, as task: String? = nil) throws -> [Example] {
        try withFolder(["data.jsonl": text]) { folder in
            let file = folder.appendingPathComponent("data.jsonl")
            return try TextTask.load(file: file, task: task ?? file.path).examples
        }
    }

    @Test("A prompt with choices is used as it is, with a space where none is")
    func plain() throws {
        let examples = try load(
            """
            {"prompt":"The sky is","choices":["blue"," green","\\nred"],"label":2,"id":"s"}
            {"prompt":"Sky?\\n","choices":["blue","green"],"id":17}
            {"prompt":"Sky? ","choices":["blue","green"],"label":null,"extra":[1]}
            """
        )
        #expect(examples.map(\.prompt) == ["The sky is", "Sky?\n", "Sky? "])
        #expect(examples[0].answers == [" blue", " green", "\nred"])
        #expect(examples[1].answers == ["blue", "green"])
        #expect(examples[2].answers == ["blue", "green"])
        #expect(examples.map(\.id) == ["s", "17", "data.jsonl:3"])
        #expect(examples.map(\.label) == [2, nil, nil])
    }

    @Test("A question with choices is lettered, from 2 to 26")
    func lettered() throws {
        let many = (0..<26).map { "\"c\($0)\"" }.joined(separator: ",")
        let examples = try load(
            """
            {"question":"Q?","choices":["yes","no."],"answer":"B"}
            {"question":"Q?","choices":[\(many)],"answer":"Z"}
            """
        )
        #expect(
            examples[0].prompt
                == "Select one of the choices that answers the following question: Q? Choices: "
                + "A. Yes. B. No. Answer:"
        )
        #expect(examples[0].answers == [" A", " B"] && examples[0].label == 1)
        #expect(examples[1].prompt.hasSuffix(" Y. C24. Z. C25. Answer:"))
        #expect(examples[1].answers.last == " Z" && examples[1].label == 25)
    }

    @Test("A byte order mark, \\r\\n, blank lines and U+2028 in a string are no fault")
    func tolerated() throws {
        let line = "{\"prompt\":\"a\u{2028}b\",\"choices\":[\"x\",\"y\"]}"
        let examples = try load("\u{FEFF}\(line)\r\n\r\n\n\(line)")
        #expect(examples.map(\.prompt) == ["a\u{2028}b", "a\u{2028}b"])
        #expect(examples.map(\.id) == ["data.jsonl:1", "data.jsonl:4"])
    }

    @Test(
        "Faults of user lines name file, line and reason",
        arguments: [
            (
                #"{"prompt":"a","choices":["x","y"],"label":2}"#,
                "\"label\" is 2 and should be a whole number within 0...1"
            ),
            (#"{"prompt":"a","choices":["x","y"],"label":-1}"#, "\"label\" is -1 and"),
            (#"{"prompt":"a","choices":["x","y"],"label":0.5}"#, "\"label\" is 0.5 and"),
            (#"{"prompt":"a","choices":["x","y"],"label":1e99}"#, "\"label\" is 1e+99 and"),
            (#"{"prompt":"a","choices":["x","y"],"label":1e999}"#, "\"label\" is inf and"),
            (#"{"prompt":"a","choices":["x","y"],"answer":"A"}"#, "given by \"label\", its index"),
            (#"{"prompt":"a","choices":["x"]}"#, "\"choices\" has 1 and should have at least 2"),
            (#"{"prompt":"a","choices":["x",""]}"#, "\"choices[1]\" is empty"),
            (
                #"{"prompt":"a","choices":["x",3]}"#,
                "choices[1]: expected a string, found the number 3"
            ),
            (#"{"prompt":"a","choices":"x"}"#, "choices: expected an array, found the string"),
            (
                #"{"prompt":"a"}"#,
                "\"choices\" is missing: expected {\"prompt\", \"choices\", \"label\"}, "
            ),
            (#"{"prompt":"","choices":["x","y"]}"#, "\"prompt\" is empty"),
            (#"{"prompt":7,"choices":["x","y"]}"#, "prompt: expected a string, found the number 7"),
            (#"{"choices":["x","y"]}"#, "either \"prompt\" or \"question\" and has neither"),
            (#"{"prompt":"a","question":"b","choices":["x","y"]}"#, "and has both"),
            (
                #"{"question":"a","choices":["x","y"],"answer":"C"}"#,
                "\"C\" and should be one of \"A\", \"B\""
            ),
            (#"{"question":"a","choices":["x","y"],"label":1}"#, "given by \"answer\", a letter"),
            (
                #"{"question":"a","choices":{"text":[]}}"#,
                "choices: expected an array, found an object"
            ),
            (#"{"id":"ok","prompt":"a","choices":["x","y"]}"#, "the id \"ok\" is that of"),
            (
                #"{"prompt":"a","choices":["x","y"]"#,
                "not valid JSON at column 34: expected ',' or '}', found the end of the text"
            ),
            (
                #"{"prompt":"a","choices":["x","y"],"label":0,}"#,
                "not valid JSON at column 45: expected another element, found '}' after a comma"
            ),
            (
                #"{"prompt":"a","choices":["x","y"],"label":0,"label":1}"#,
                "not valid JSON at column 45: expected distinct keys, found \"label\" once more"
            ),
            (#"["prompt"]"#, "the top level: expected an object, found an array"),
            ("\"\\u0000", "not valid JSON"),
        ]
    )
    func userFaults(_ line: String, _ reason: String) {
        let text = #"{"id":"ok","prompt":"a","choices":["x","y"]}"# + "\n" + line + "\n"
        let found = sentence { _ = try load(text) }
        #expect(found.contains("data.jsonl:2: "), "\(found)")
        #expect(found.contains(reason), "\(found)")
        #expect(!found.contains("\n"))
    }

    @Test(
        "Faults of published layouts name line and reason",
        arguments: [
            (
                "arc-easy",
                #"{"question":{"stem":"s","choices":[{"text":"x","label":"A"}]},"answerKey":"E"}"#,
                "\"answerKey\" is \"E\" and should be one of \"A\""
            ),
            (
                "arc-easy",
                #"{"id":"a","question":{"stem":"s","choices":[{"text":"x"}]},"answerKey":"A"}"#,
                "question.choices[0].label: expected a value, found none"
            ),
            (
                "arc-easy",
                #"{"question":"s","choices":{"text":["x","y"],"label":["A","A"]},"answerKey":"A"}"#,
                "labels [\"A\", \"A\"] are not distinct"
            ),
            (
                "openbookqa",
                #"{"question_stem":"s","choices":{"text":["x","y"],"label":["A"]}}"#,
                "expected as many values of \"label\" as of \"text\", 2, found 1"
            ),
            (
                "openbookqa",
                #"{"question":{"stem":"s","choices":[{"text":"","label":"A"}]},"answerKey":"A"}"#,
                "the text of choice \"A\" is empty"
            ),
            (
                "winogrande-s",
                #"{"sentence":"_","option1":"x","option2":"y","answer":"3"}"#,
                "\"answer\" is \"3\" and should be \"1\" or \"2\""
            ),
            (
                "winogrande-s",
                #"{"sentence":"_","option1":"x","answer":"1"}"#,
                "option2: expected a value, found none"
            ),
            (
                "boolq",
                #"{"question":"q","passage":"p","answer":"true"}"#,
                "answer: expected true or false, found the string \"true\""
            ),
            ("boolq", #"{"question":"q","passage":"p","answer":1}"#, "expected true or false"),
            ("boolq", #"{"question":"q","passage":"","answer":true}"#, "\"passage\" is empty"),
        ]
    )
    func publishedFaults(_ task: String, _ line: String, _ reason: String) {
        let found = sentence { _ = try load(line + "\n", as: task) }
        #expect(found.contains("data.jsonl:1: "), "\(found)")
        #expect(found.contains(reason), "\(found)")
    }

    @Test("Lines without an answer serve for prediction, not for training")
    func unlabelled() throws {
        let line = #"{"sentence":"a _","option1":"x","option2":"y","answer":""}"# + "\n"
        #expect(try load(line, as: "winogrande-s").map(\.label) == [nil])
        try withFolder(["dev.jsonl": line]) { folder in
            let task = try TextTask("winogrande-s", folder: folder, environment: [:])
            #expect(
                sentence { _ = try task.load(.test, seed: 1) }
                    .hasSuffix("dev.jsonl:1: the line does not say which answer is right")
            )
            #expect(try task.load(.test, seed: 1, requiringLabels: false).examples.count == 1)
        }
    }

    @Test("A file of three-choice questions only says why nothing is left")
    func allLeftOut() {
        let line =
            #"{"question":"s","choices":{"text":["x","y","z"],"label":["1","2","3"]}}"#
        let found = sentence { _ = try load(line, as: "arc-easy") }
        #expect(found.hasSuffix("there is no usable example (1 without four choices)"))
    }
}
