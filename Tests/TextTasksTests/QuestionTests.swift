import Foundation
import JSON
import Testing

@testable import TextTasks

@Suite("Questions about a state")
struct QuestionTests {
    private static let refund = """
        {"type": "noul", "instructions": "Is money asked back?",
         "criteria": {"true": "a refund\\nor a chargeback", "false": null}}
        """
    private static let team = """
        {"type": "choice", "instructions": ["Route it.", "Pick one."],
         "criteria": {"New York": {"hours": "9 to 5"}, "New Jersey": null}}
        """
    private static let anger = #"{"type": "score", "criteria": ["calm", "cross", "livid"]}"#
    private static let questions =
        "{\"refund\": \(refund), \"team\": \(team), \"anger\": \(anger)}"

    private func stated(_ questions: String, state: String = "\"Hi.\"") throws -> StatedQuestions {
        let text = "{\"state\": \(state), \"questions\": \(questions), \"model\": \"m\"}"
        return try StatedQuestions(JSONNode(parsing: text.utf8, file: "body"))
    }

    private func examples(
        _ questions: String = questions,
        state: String = "\"Hi.\"",
        _ style: PromptStyle = PromptStyle()
    ) throws -> [Example] {
        try stated(questions, state: state).examples(id: "r", style: style)
    }

    @Test("Each is an example of its own: state first, then the question, then what answers")
    func rendering() throws {
        let examples = try examples()
        #expect(
            examples.map(\.prompt) == [
                """
                Hi.

                Question: Is money asked back?
                True if: a refund
                  or a chargeback
                True or false:
                """,
                """
                Hi.

                Question: - Route it.
                - Pick one.
                Options:
                - New York: hours: 9 to 5
                - New Jersey
                Answer:
                """,
                """
                Hi.

                Levels, lowest first:
                0. calm
                1. cross
                2. livid
                Answer:
                """,
            ]
        )
        #expect(
            examples.map(\.answers) == [
                [" false", " true"], [" New York", " New Jersey"], [" 0", " 1", " 2"],
            ]
        )
        #expect(examples.map(\.isOrdered) == [false, false, true])
        #expect(examples.map(\.id) == ["r/refund", "r/team", "r/anger"])
        #expect(examples.allSatisfy { $0.state == "r" && $0.label == nil && $0.targets == nil })
    }

    @Test(
        "What answers, and whether options are listed, is a matter of style",
        arguments: [
            (PromptStyle(answers: .letters), "A. New York: hours: 9 to 5\nB. New Jersey", " A"),
            (PromptStyle(answers: .text), "- New York: hours: 9 to 5\n- New Jersey", " New York"),
        ]
    )
    func choiceStyles(_ style: PromptStyle, _ list: String, _ answer: String) throws {
        let team = try examples(Self.questions, style)[1]
        #expect(team.prompt.hasSuffix("Pick one.\nOptions:\n\(list)\nAnswer:"))
        #expect(team.answers.first == answer)
    }

    @Test("Levels that are not listed, and those that texts are asked for, are answered by text")
    func scoreStyles() throws {
        let bare = try examples(
            Self.questions,
            PromptStyle(answers: .automatic, listsOptions: false)
        )
        #expect(bare.map(\.answers.first) == [" false", " New York", " calm"])
        #expect(
            bare[1].prompt.hasSuffix("Pick one.\nAnswer:") && bare[2].prompt == "Hi.\n\nAnswer:"
        )
        let text = try examples(Self.questions, PromptStyle(answers: .text))[2]
        #expect(text.prompt.hasSuffix("first:\n- calm\n- cross\n- livid\nAnswer:"))
        #expect(text.answers == [" calm", " cross", " livid"])
        let letters = try examples(Self.questions, PromptStyle(answers: .letters))
        #expect(letters[2].answers == [" 0", " 1", " 2"] && letters[0].answers[1] == " true")
    }

    @Test("Letters that cannot answer are refused by the question's name")
    func letters() throws {
        let criteria = (0..<27).map { "\"o\($0)\": null" }.joined(separator: ",")
        let many = #"{"q": {"type": "choice", "criteria": {\#(criteria)}}}"#
        #expect(try examples(many)[0].answers.last == " o26")
        #expect(
            sentence { _ = try examples(many, PromptStyle(answers: .letters)) }
                == "r: questions.q: letters can answer 26 options at most, and there are 27: "
                + "set answers to text or auto"
        )
        let unlisted = PromptStyle(answers: .letters, listsOptions: false)
        #expect(sentence { _ = try examples(Self.questions, unlisted) }.contains("are listed"))
    }

    @Test("States and texts may be objects and arrays, in the order of the file")
    func outlines() throws {
        let state = """
            {"z": 1, "a": [{"role": "user", "text": "Hi\\nthere"}, [true, null, []]],
             "m": {"x": {"y": 2.5}}, "e": {}}
            """
        #expect(
            try stated(Self.questions, state: state).state == """
                z: 1
                a:
                  - role: user
                    text:
                      Hi
                      there
                  - - true
                    - null
                    - []
                m:
                  x:
                    y: 2.5
                e: {}
                """
        )
        #expect(try examples(state: "[]")[2].prompt.hasPrefix("[]\n\nLevels"))
        #expect(try examples(state: "\"\"")[2].prompt.hasPrefix("Levels"))
    }

    @Test("Neither names nor order of questions, nor other questions, change a prompt")
    func independence() throws {
        let prompts = try examples().map(\.prompt)
        let (refund, team, anger) = (Self.refund, Self.team, Self.anger)
        let renamed = "{\"\u{1F600} x/y\": \(refund), \"-\": \(team), \"Answer:\": \(anger)}"
        #expect(try examples(renamed).map(\.prompt) == prompts)
        let reordered = try examples("{\"b\": \(anger), \"a\": \(refund)}").map(\.prompt)
        #expect(reordered == [prompts[2], prompts[0]])
    }

    @Test("2 to 255 options, 2 to 10 levels")
    func limits() throws {
        func choice(_ count: Int) -> String {
            let list = (0..<count).map { "\"o\($0)\": null" }.joined(separator: ",")
            return #"{"q": {"type": "choice", "instructions": "?", "criteria": {\#(list)}}}"#
        }
        func score(_ count: Int) -> String {
            let list = (0..<count).map { "\"l\($0)\"" }.joined(separator: ",")
            return #"{"q": {"type": "score", "instructions": "?", "criteria": [\#(list)]}}"#
        }
        for count in [2, 255] { #expect(try examples(choice(count))[0].answers.count == count) }
        for count in [2, 10] { #expect(try examples(score(count))[0].answers.count == count) }
        for count in [0, 1, 256] {
            #expect(
                sentence { _ = try stated(choice(count)) }
                    == "body: questions.q.criteria: expected 2 to 255 options, found \(count)"
            )
        }
        for count in [0, 1, 11] {
            #expect(
                sentence { _ = try stated(score(count)) }
                    == "body: questions.q.criteria: expected 2 to 10 levels, found \(count)"
            )
        }
    }

    @Test(
        "What is no question is refused with key, expected and found",
        arguments: [
            (#"{}"#, "questions: expected a question, found none"),
            (#"[]"#, "questions: expected an object, found an array"),
            (#"{"": {"type": "noul", "instructions": "?"}}"#, "found the name \"\""),
            (#"{"q": {"instructions": "?"}}"#, "q: expected a value for \"type\", found none"),
            (
                #"{"q": {"type": "boolean"}}"#,
                "q.type: \"boolean\" is not supported; supported: noul"
            ),
            (#"{"q": {"type": "noul"}}"#, "expected \"instructions\" or a description in"),
            (
                #"{"q": {"type": "noul", "instructions": "?", "criteria": {"yes": "x"}}}"#,
                "q.criteria.yes: expected \"true\" or \"false\", found \"yes\""
            ),
            (
                #"{"q": {"type": "noul", "instructions": 3}}"#,
                "q.instructions: expected a string, an object or an array, found the number 3"
            ),
            (#"{"q": {"type": "choice"}}"#, "q: expected a value for \"criteria\", found none"),
            (
                #"{"q": {"type": "choice", "criteria": {"": null, "b": null}}}"#,
                "expected an option with a name, found \"\""
            ),
            (
                #"{"q": {"type": "choice", "criteria": {"a": 1, "b": null}}}"#,
                "q.criteria.a: expected a string, an object or an array, found the number 1"
            ),
            (
                #"{"q": {"type": "score", "criteria": {"0": "a", "1": "b"}}}"#,
                "q.criteria: expected an array, found an object"
            ),
            (
                #"{"q": {"type": "score", "criteria": ["a", null]}}"#,
                "q.criteria[1]: expected a string, an object or an array, found null"
            ),
            (
                #"{"q": {"type": "score", "criteria": ["a", "b", "a"]}}"#,
                "q.criteria[2]: expected another level than [0], found \"a\""
            ),
        ]
    )
    func faults(_ questions: String, _ says: String) {
        let found = sentence { _ = try stated(questions) }
        #expect(found.hasPrefix("body: ") && found.contains(says), "\(found)")
    }

    @Test("Objects and arrays stand in each other 16 times at most")
    func depth() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)
        }
        let deepest = try stated(Self.questions, state: nested(16)).state
        #expect(deepest == String(repeating: "- ", count: 16) + "1")
        #expect(
            sentence { _ = try stated(Self.questions, state: nested(17)) }
                == "body: state: expected objects and arrays in at most 16 levels, found 17"
        )
    }

    @Test("A state is a string, an object or an array", arguments: ["3", "null", "true"])
    func states(_ state: String) {
        #expect(sentence { _ = try stated(Self.questions, state: state) } != "")
    }

    @Test("A number that reading may have rounded is refused, one of few digits is itself")
    func largeNumbers() throws {
        func outline(_ number: String) throws -> String {
            try JSONNode(parsing: Array("[\(number)]".utf8), file: "f").outline()
        }
        #expect(try outline("5.97e24") == "- 5.97e+24")
        #expect(try outline("9223372036854775807") == "- 9223372036854775807")
        for number in ["12345678901234567890", "1e400"] {
            #expect(throws: JSONError.self) { try outline(number) }
        }
    }
}
