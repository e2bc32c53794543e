import JSON
import Testing
import TextTasks

@testable import Serving

@Suite("The wire format")
struct WireFormatTests {
    @Test("JSON that is written is read as the same value")
    func json() throws {
        let texts = [
            #"{"b":[1,2.5,-0.0,1e-300],"a":{"":null},"\u00e9":true,"e\u0301":false}"#,
            #"["\"\\/\u0000\n\r\t\u2028\u202e😀",{},[],"",5e-324]"#,
        ]
        for text in texts {
            let value = try JSONNode(parsing: Array(text.utf8), file: "text").value
            #expect(try JSONNode(parsing: Array(value.json.utf8), file: "text").value == value)
        }
    }

    @Test(
        "Confidence is 0 for the uniform distribution, 1 for a certain one, and as the formulas",
        arguments: [
            ("choice", [1, 1, 1], 0),
            ("choice", [0, 1, 0], 1),
            // (0.5 - 1/4) / (1 - 1/4)
            ("choice", [2, 1, 1, 0], 1.0 / 3),
            ("score", [0, 0, 1], 1),
            // 1 - (0.25 * 1 + 0.25 * 2) / ((1 + 0 + 1) / 3), which is below 0.
            ("score", [2, 1, 1], 0),
            // 1 - (0.1 + 0.1) / (2 / 3)
            ("score", [1, 8, 1], 0.7),
        ] as [(String, [Double], Double)]
    )
    func confidence(_ kind: String, _ weights: [Double], _ confidence: Double) throws {
        let names = weights.indices.map { "\"\($0)\"" }
        let criteria =
            kind == "score"
            ? "[\(names.joined(separator: ","))]"
            : "{\(names.map { "\($0): null" }.joined(separator: ","))}"
        let question = try asked(#"{"q": {"type": "\#(kind)", "criteria": \#(criteria)}}"#)
            .questions[0].question
        let answer = Answer.made(question, weights)
        #expect(abs(answer.confidence - confidence) < 1e-12)
    }

    @Test("An answer has what its type asks for, and its other members begin with x_")
    func answers() throws {
        let questions = try asked(mixed).questions
        let bodies = questions.map { Answer.made($0.question, [1, 2, 5]).body.json }
        let expected = [
            #""noul":0.6666666666666666,"#,
            #""choice":"old times","probabilities":{"new":0.125,"old":0.25,"old times":0.625}"#,
            // 0.25 + 2 * 0.625
            #""score":1.5,"legend":{"0":"bad","1":"so so","2":"good"},"#,
        ]
        for (body, part) in zip(bodies, expected) { #expect(body.contains(part), "\(body)") }
        #expect(bodies[1].contains(#""x_abstain":true"#))
        #expect(!bodies[1].contains("x_spread"), "there were no draws")
    }

    @Test("Options that look alike stay apart, and keep their spelling")
    func spelling() throws {
        let question = try asked(
            "{\"q\": {\"type\": \"choice\", \"criteria\": {\"\u{e9}\": null, \"e\u{301}\": null}}}"
        ).questions[0].question
        let body = Answer.made(question, [1, 3]).body.json
        #expect(body.contains("\"\u{e9}\":0.25,\"e\u{301}\":0.75"))
    }

    @Test(
        "A fault is told with the place of the value",
        arguments: [
            (#"{"#, [String](), "not valid JSON at line 1, column 2"),
            (#"[]"#, [], "the top level: expected an object"),
            (#"{"model": "m", "questions": {}}"#, [], #"a value for "state""#),
            (#"{"model": 1, "state": "", "questions": {}}"#, ["model"], "expected a string"),
            (#"{"model": "m", "state": 1, "questions": {}}"#, ["state"], "found the number 1"),
            (#"{"model": "m", "state": "", "questions": {}}"#, ["questions"], "found none"),
            (
                #"{"model": "m", "state": "", "questions": {"a": {}, "a.type": {"type": 1}}}"#,
                ["questions", "a"], #"a value for "type""#
            ),
            (
                #"{"model":"m","state":"","questions":{"a.b[0]":{"type":"bool"}}}"#,
                ["questions", "a.b[0]", "type"], #""bool" is not supported"#
            ),
            (
                #"{"model":"m","state":"","questions":{"q":{"type":"score","criteria":["",1]}}}"#,
                ["questions", "q", "criteria", "0"], "expected a level"
            ),
        ]
    )
    func faults(_ text: String, _ place: [String], _ message: String) throws {
        let error = try #require(throws: ServiceError.self) {
            try DecisionRequest(Array(text.utf8), maximumQuestions: 9)
        }
        guard case .invalid(let found, let said, _) = error else {
            Issue.record("\(error)")
            return
        }
        let names = found.map { if case .string(let name) = $0 { name } else { $0.json } }
        #expect(names == place)
        #expect(said.contains(message), "\(said)")
        #expect(error.body.json.hasPrefix(#"{"detail":[{"loc":["body""#))
    }
}
