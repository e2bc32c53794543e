import Foundation
import JSON
import Metrics
import Testing

@Suite("Prediction files")
struct PredictionFileTests {
    @discardableResult
    private func withFile<Result>(
        _ bytes: [UInt8] = [],
        _ body: (URL) throws -> Result
    ) throws -> Result {
        let file = FileManager.default.temporaryDirectory
            .appendingPathComponent("predictions-\(UUID().uuidString).jsonl")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(bytes).write(to: file)
        return try body(file)
    }

    @Test("What is written is read back, to the last bit")
    func roundTrip() throws {
        let predictions = [
            Prediction(id: "a/1 \u{2028} ü", label: 1, probabilities: [1 / 3.0, 2 / 3.0]),
            Prediction(
                id: "b",
                label: nil,
                probabilities: [.leastNonzeroMagnitude, 1, 0],
                meanProbabilities: [0.1, 0.2, 0.7],
                mutualInformation: 0.125
            ),
        ]
        try withFile { file in
            try predictions.write(to: file)
            #expect(try [Prediction](contentsOf: file) == predictions)
            let text = try String(contentsOf: file, encoding: .utf8)
            #expect(text.contains(#""mean_probabilities":[0.1,0.2,0.7]"#))
            #expect(text.contains(#""mutual_information":0.125"#))
            #expect(text.hasSuffix("}\n"))
        }
        #expect(predictions[0].atMean == nil)
        #expect(predictions[1].atMean?.probabilities == [0.1, 0.2, 0.7])
    }

    @Test("A byte order mark, \\r\\n and blank lines are passed over")
    func tolerated() throws {
        let text = "\u{FEFF}\r\n{\"id\":\"a\",\"probabilities\":[1]}\r\n \r\n\n"
        let read = try withFile(Array(text.utf8)) { try [Prediction](contentsOf: $0) }
        #expect(read == [Prediction(id: "a", label: nil, probabilities: [1])])
    }

    @Test(
        "Faults name file, line and reason",
        arguments: [
            (#"{"id":"a","probabilities":[0.5,0.6]}"#, "sums to 1.1 and should sum to 1"),
            (#"{"id":"a","probabilities":[1.5,-0.5]}"#, "holds 1.5 and should be within 0...1"),
            (#"{"id":"a","probabilities":[]}"#, "probabilities is empty"),
            (
                #"{"id":"a","label":2,"probabilities":[0,1]}"#,
                "label is 2 and should be within 0...1"
            ),
            (#"{"id":"a","label":-1,"probabilities":[0,1]}"#, "label is -1"),
            (#"{"id":"a","probabilities":[1],"mean_probabilities":[0,1]}"#, "has 2 values"),
            (
                #"{"id":"a","probabilities":[1],"mutual_information":-0.5}"#,
                "mutual_information is -0.5 and should be finite and at least 0"
            ),
            (
                #"{"id":"a","probabilities":[1],"mutual_information":"x"}"#,
                "mutual_information: expected a number, found the string \"x\""
            ),
            (
                #"{"id":"a","probabilities":[1e999]}"#,
                "probabilities[0]: expected a number, found the number inf"
            ),
            (
                #"{"id":"a","probabilities":[true]}"#,
                "probabilities[0]: expected a number, found true"
            ),
            (#"{"id":"a","probabilities":"x"}"#, "probabilities: expected an array"),
            (#"{"id":"a"}"#, "probabilities: expected a value, found none"),
            (#"{"id":7,"probabilities":[1]}"#, "id: expected a string, found the number 7"),
            (#"{"id":"ok","probabilities":[1]}"#, "the id \"ok\" is that of line 1 too"),
            (#"{"id":"a","#, "not valid JSON"),
            (#"[1]"#, "the top level: expected an object, found an array"),
        ]
    )
    func faults(_ line: String, _ reason: String) throws {
        let bytes = Array(("{\"id\":\"ok\",\"probabilities\":[1]}\n\n" + line + "\n").utf8)
        try withFile(bytes) { file in
            let error = #expect(throws: JSONLinesError.self) {
                try [Prediction](contentsOf: file)
            }
            let found = error.map(String.init(describing:)) ?? ""
            #expect(found.hasPrefix("\(file.path):3: "), "\(found)")
            #expect(found.contains(reason), "\(found)")
        }
    }

    @Test("Bytes that are no UTF-8, hostile nesting and an absent file throw")
    func unreadable() throws {
        try withFile([0x7B, 0xFF, 0x7D]) { file in
            #expect(
                throws: JSONLinesError(
                    file: file.path,
                    line: 1,
                    reason:
                        "not valid JSON at column 2: expected UTF-8, found another byte sequence"
                )
            ) { try [Prediction](contentsOf: file) }
        }
        let nested = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
        try withFile(nested) { file in
            #expect(throws: JSONLinesError.self) { try [Prediction](contentsOf: file) }
        }
        let absent = URL(fileURLWithPath: "/nowhere/predictions.jsonl")
        #expect(
            throws: JSONLinesError(
                file: absent.path,
                line: nil,
                reason: "the file cannot be read: No such file or directory"
            )
        ) { try [Prediction](contentsOf: absent) }
        #expect(throws: JSONLinesError.self) { try [Prediction]().write(to: absent) }
    }

    @Test("An unsound prediction is not written")
    func unsound() throws {
        let unsound = [
            Prediction(id: "a", label: nil, probabilities: [.infinity]),
            Prediction(id: "a", label: nil, probabilities: [1], mutualInformation: .infinity),
            Prediction(id: "a", label: nil, probabilities: [1], mutualInformation: .nan),
        ]
        try withFile { file in
            for prediction in unsound {
                #expect(throws: JSONLinesError.self) { try [prediction].write(to: file) }
            }
        }
    }
}
