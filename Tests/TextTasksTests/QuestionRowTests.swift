import Foundation
import JSON
import Testing

@testable import TextTasks

@Suite("Rows of questions about a state")
struct QuestionRowTests {
    private static let questions = """
        {"refund": {"type": "noul", "instructions": "Money back?"}, \
        "team": {"type": "choice", "instructions": "Which?", "criteria": {"a": null, "b": null}}, \
        "anger": {"type": "score", "instructions": "How?", "criteria": ["1", "2", "3"]}}
        """

    private static func row(_ targets: String?, id: Int? = nil) -> String {
        let head = id.map { #""id": \#($0), "# } ?? ""
        let tail = targets.map { #", "targets": \#($0)"# } ?? ""
        return #"{\#(head)"state": "s\#(id ?? 0)", "questions": \#(questions)\#(tail)}"#
    }

    private func load(_ text: String, _ style: PromptStyle = PromptStyle()) throws -> [Example] {
        try withFolder(["data.jsonl": text]) { folder in
            let file = folder.appendingPathComponent("data.jsonl")
            return try TextTask.load(file: file, task: file.path, style: style).examples
        }
    }

    @Test(
        "A target is an option or shares of several; scores by number or text, nouls by truth",
        arguments: [
            (#"{"refund": true, "team": "b", "anger": 2}"#, [1, 1, 2], [nil, nil, nil]),
            (#"{"refund": "false", "team": "a", "anger": "3"}"#, [0, 0, 2], [nil, nil, nil]),
            (
                #"{"refund": {"true": 0.75, "false": 0.25}, "team": {"b": 1}, "anger": {"0": 1}}"#,
                [1, 1, 0], [[0.25, 0.75], [0, 1], [1, 0, 0]]
            ),
            (
                #"{"team": {"a": 0.5, "b": 0.5}, "anger": {"1": 0.25, "2": 0.25, "3": 0.5}}"#,
                [nil, 0, 2], [nil, [0.5, 0.5], [0.25, 0.25, 0.5]]
            ),
            (#"{"anger": null}"#, [nil, nil, nil], [nil, nil, nil]),
        ] as [(String, [Int?], [[Double]?])]
    )
    func targets(_ targets: String, _ labels: [Int?], _ shares: [[Double]?]) throws {
        for row in [Self.row(targets), Self.row(targets).replacing("targets", with: "expected")] {
            let examples = try load(row)
            #expect(examples.map(\.label) == labels)
            #expect(examples.map(\.targets) == shares)
        }
        #expect(try load(Self.row(nil)).map(\.label) == [nil, nil, nil])
    }

    @Test("Shares that sum to 1 within 0.001 are scaled to sum to 1")
    func rounding() throws {
        let shares = try load(Self.row(#"{"team": {"a": 0.3333, "b": 0.666}}"#))[1].targets
        let sum = 0.3333 + 0.666
        #expect(shares == [0.3333 / sum, 0.666 / sum])
    }

    @Test(
        "Targets that fit no question are refused with line, key, expected and found",
        arguments: [
            (#"{"tone": "a"}"#, "targets.tone: expected the name of a question, found \"tone\""),
            (#"{"team": "c"}"#, "targets.team: expected one of \"a\", \"b\", or an object with"),
            (#"{"team": 0}"#, "found the number 0"),
            (#"{"refund": 1}"#, "targets.refund: expected true, false, one of \"false\", \"true\""),
            (#"{"anger": 3}"#, "targets.anger: expected a whole number within 0...2, a level's"),
            (#"{"anger": {"1": 0.5, "2": 0.5}}"#, "the number of one and the text of another"),
            (#"{"anger": {"0": 0.5, "3": 0.5}}"#, "found \"0\""),
            (#"{"team": {"a": 0.5}}"#, "expected probabilities that sum to 1, found a sum of 0.5"),
            (#"{"team": {"a": 0.5, "b": 0.502}}"#, "found a sum of 1.002"),
            (#"{"team": {}}"#, "found a sum of 0.0"),
            (#"{"team": {"a": 2, "b": -1}}"#, "targets.team.a: expected a probability from 0 to 1"),
            (#"{"team": {"a": "x"}}"#, "targets.team.a: expected a number, found the string \"x\""),
            (#"["a"]"#, "targets: expected an object, found an array"),
        ]
    )
    func faults(_ targets: String, _ says: String) {
        let found = sentence {
            _ = try load(Self.row("{\"refund\": true}") + "\n" + Self.row(targets))
        }
        #expect(found.contains("data.jsonl:2: ") && found.contains(says), "\(found)")
    }

    @Test("Targets under both names, and questions without a state, are refused")
    func keys() {
        let both = Self.row(#"{"team": "a"}, "expected": {"team": "a"}"#)
        #expect(sentence { _ = try load(both) }.hasSuffix("\"expected\" and has both"))
        let bare = #"{"questions": \#(Self.questions)}"#
        #expect(sentence { _ = try load(bare) }.contains("expected a value for \"state\""))
    }

    @Test("Every question of a training row needs a target, and the one without is named")
    func missing() throws {
        let rows = (0..<30).map { Self.row(#"{"refund": true, "team": "a"}"#, id: $0) }
        try withFolder(["train.jsonl": rows.joined(separator: "\n")]) { folder in
            #expect(
                sentence { _ = try TextTask(folder.path).load(.train, seed: 1) }
                    .hasSuffix(":1: the line does not say which answer of \"0/anger\" is right")
            )
        }
    }

    @Test("The questions of a row go to one part, and a limit counts rows")
    func splits() throws {
        let rows = (0..<40).map { Self.row(#"{"refund": true, "team": "a", "anger": 0}"#, id: $0) }
        try withFolder(["one.jsonl": rows.joined(separator: "\n")]) { folder in
            let task = try TextTask(folder.appendingPathComponent("one.jsonl").path)
            var states: [String] = []
            for part in Split.allCases {
                let all = try task.load(part, seed: 3).examples
                #expect(all.map(\.state).chunks.allSatisfy { $0.count == 3 })
                states += all.map(\.state).chunks.compactMap { $0.first ?? nil }
                let first = try task.load(part, seed: 3, limit: 2).examples
                #expect(first == Array(all.prefix(6)))
            }
            #expect(Set(states).count == 40 && states.count == 40)
        }
    }

    @Test("Choices of questions answer by text where letters cannot or are not asked for")
    func questionStyles() throws {
        let row = #"{"question": "Sky?", "choices": ["blue", "green"], "answer": "B"}"#
        let text = try load(row, PromptStyle(answers: .text))[0]
        #expect(text.prompt == "Question: Sky?\nOptions:\n- blue\n- green\nAnswer:")
        #expect(text.answers == [" blue", " green"] && text.label == 1)
        let bare = try load(row, PromptStyle(answers: .automatic, listsOptions: false))[0]
        #expect(bare.prompt == "Question: Sky?\nAnswer:" && bare.answers == text.answers)
        let letters = try load(row, PromptStyle(answers: .letters, listsOptions: true))
        #expect(letters[0].prompt.hasSuffix("Sky? Choices: A. Blue. B. Green. Answer:"))
        #expect(letters[0].answers == [" A", " B"])
        let list = (0..<27).map { "\"c\($0)\"" }.joined(separator: ",")
        let many = #"{"question": "Q?", "choices": [\#(list)], "answer": "c26"}"#
        #expect(try load(many)[0].answers.last == " c26" && load(many)[0].label == 26)
        #expect(sentence { _ = try load(many, PromptStyle(answers: .letters)) } != "")
    }

    @Test("A prompt is used as it is, so that styles which would change it are refused")
    func promptStyles() throws {
        let row = #"{"prompt": "The sky is", "choices": ["blue", "green"], "label": 0}"#
        let text = try load(row, PromptStyle(answers: .text))
        #expect(text[0].prompt == "The sky is" && text[0].answers == [" blue", " green"])
        for style in [
            PromptStyle(answers: .letters), PromptStyle(answers: .automatic, listsOptions: true),
        ] {
            #expect(sentence { _ = try load(row, style) }.contains("is used as it is"))
        }
        #expect(throws: TextTaskError.styleOfPublished(task: "boolq")) {
            try TextTask("boolq", folder: Golden.folder, style: PromptStyle(answers: .text))
        }
    }
}

extension Array where Element: Equatable {
    /// Runs of equal elements.
    fileprivate var chunks: [ArraySlice<Element>] {
        var chunks: [ArraySlice<Element>] = []
        var start = 0
        for index in indices where index + 1 == count || self[index + 1] != self[index] {
            chunks.append(self[start...index])
            start = index + 1
        }
        return chunks
    }
}
