import Foundation
import JSON
import Testing

@testable import TextTasks

@Suite("Ways to name the right choice")
struct RightChoiceTests {
    private static let colours = ["blue", "green", "Red"]
    private static let place = RowPlace(path: "f.jsonl", fileName: "f.jsonl", line: 3)

    private func value(_ text: String) throws -> JSONValue {
        try JSONNode(parsing: text.utf8, file: "value").value
    }

    @Test(
        "A label that can be one choice alone is read",
        arguments: [
            ("1", colours, 1), ("1.0", colours, 1), (#""1""#, colours, 1), (#"" 2 ""#, colours, 2),
            (#""green""#, colours, 1), (#"" Green""#, colours, 1), (#""red""#, colours, 2),
            (#""b""#, colours, 1), (#""B""#, colours, 1), (#""(B)""#, colours, 1),
            (#""B.""#, colours, 1), (#""b)""#, colours, 1), (#""c:""#, colours, 2),
            // The text of a choice and its letter agree.
            (#""B""#, ["A", "B"], 1), (#""b""#, ["a", "b"], 1),
            // Case tells choices apart.
            (#""US""#, ["us", "US"], 1), (#""us""#, ["us", "US"], 0),
            ("true", ["False", "True"], 1), (#""0""#, ["0", "1"], 0), ("1", ["1", "2"], 1),
            (#""7""#, ["6", "7"], 1),
        ] as [(String, [String], Int)]
    )
    func labels(_ text: String, _ choices: [String], _ index: Int) throws {
        let found = try RightChoice.label.index(of: value(text), among: choices, at: Self.place)
        #expect(found == index)
    }

    @Test(
        "An answer that can be one choice alone is read",
        arguments: [
            (#""B""#, colours, 1), (#""b""#, colours, 1), (#""(C)""#, colours, 2),
            (#""B.""#, colours, 1), (#""green""#, colours, 1), (#""RED ""#, colours, 2),
            // Counted from 0 it can only be the first, counted from 1 only the last.
            ("0", colours, 0), (#""0""#, colours, 0), ("3", colours, 2),
            // A capital letter is what is documented, and also where it is no other's text.
            (#""B""#, ["b", "A"], 1), (#""B""#, ["A", "B"], 1), (#""7""#, ["6", "7", "8"], 1),
        ] as [(String, [String], Int)]
    )
    func answers(_ text: String, _ choices: [String], _ index: Int) throws {
        let found = try RightChoice.answer.index(of: value(text), among: choices, at: Self.place)
        #expect(found == index)
    }

    @Test(
        "Anything else is refused with the spelling that would do",
        arguments: [
            (
                RightChoice.label, #""1""#, ["1", "2"],
                #""label" is "1", which may be 2 of the choices: write 0 for "1" or 1 for "2""#
            ),
            (
                .answer, #""A""#, ["F", "A"],
                #""answer" is "A", which is the letter of "F" and the text of another choice: "#
                    + #"write "B" for the latter, or the row with "prompt", "choices" and "label","#
                    + " a place from 0"
            ),
            (
                .answer, #""A""#, ["C", "A", "B"],
                #""answer" is "A", which is the letter of "C" and the text of another choice: "#
                    + #"write the row with "prompt""#
            ),
            (
                .label, #""a""#, ["b", "a"],
                #""label" is "a", which may be 2 of the choices: write 0 for "b" or 1 for "a""#
            ),
            (
                .label, #""Yes""#, ["yes", "YES"],
                #""label" is "Yes", which may be 2 of the choices: write 0 for "yes" or 1 for "YE"#
            ),
            (
                .label, #""3""#, colours,
                #""label" is "3" and should be a whole number within 0...2"#
            ),
            (.label, "-1", colours, #""label" is -1 and should be a whole number within 0...2"#),
            (.label, #""gre""#, colours, #""label" is "gre" and should be a whole"#),
            (.label, #""""#, colours, #""label" is "" and should be a whole"#),
            (.label, "true", colours, #""label" is true and should be a whole"#),
            (.label, "[1]", colours, #""label" is a list of 1 and should be a whole"#),
            (.label, "0.5", colours, #""label" is 0.5 and should be a whole"#),
            (
                .answer, "1", colours,
                #""answer" is 1, which may be 2 of the choices: write "A" for "blue" or "B" for "#
            ),
            (
                .answer, #""2""#, ["2", "4"],
                #""answer" is "2", which may be 2 of the choices: write "A" for "2" or "B" for "4""#
            ),
            (.answer, #""D""#, colours, #""answer" is "D" and should be one of "A", "B", "C""#),
            (.answer, "4", colours, #""answer" is 4 and should be one of "A", "B", "C""#),
            (.answer, #""AB""#, colours, #""answer" is "AB" and should be one of"#),
        ] as [(RightChoice, String, [String], String)]
    )
    func refused(_ form: RightChoice, _ text: String, _ choices: [String], _ says: String) throws {
        let value = try value(text)
        let found = sentence { _ = try form.index(of: value, among: choices, at: Self.place) }
        #expect(found.hasPrefix("f.jsonl:3: " + says), "\(found)")
    }
}
