import Foundation
import Testing

@testable import TensorFiles

@Suite("JSON reader")
struct JSONReaderTests {
    static func value(of text: String) throws -> JSONValue {
        try Array(text.utf8).withUnsafeBytes { try JSONReader.value(of: $0) }
    }

    @Test(
        "Values of every kind are read",
        arguments: [
            (" null ", .null),
            ("true", .boolean(true)),
            ("\tfalse\r\n", .boolean(false)),
            ("0", .integer(0)),
            ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number("9223372036854775808")),
            ("-0.5e+10", .number("-0.5e+10")),
            ("1E3", .number("1E3")),
            (#""""#, .string("")),
            (#""\"\\\/\b\f\n\r\t\u00fC\uD83D\uDE00é""#, .string("\"\\/\u{8}\u{C}\n\r\tü😀é")),
            ("[]", .array([])),
            ("[1 , [2]]", .array([.integer(1), .array([.integer(2)])])),
            ("{}", .object([])),
            (
                #"{"b":1,"a":{"":null}}"#,
                .object([
                    JSONMember(key: "b", value: .integer(1)),
                    JSONMember(key: "a", value: .object([JSONMember(key: "", value: .null)])),
                ])
            ),
        ] as [(String, JSONValue)]
    )
    func reads(text: String, expected: JSONValue) throws {
        #expect(try Self.value(of: text) == expected)
    }

    @Test(
        "Text that is not JSON is refused",
        arguments: [
            "", " ", "nul", "tru", "+1", "01", "-", "1.", ".5", "1e", "1e+", "0x1", "NaN", "'a'",
            "\"", "\"\\", "\"\\u12", "\"\\u12G4\"", "\"\\x\"", "\"\\uD800\"", "\"\\uDC00\"",
            "\"\\uD800\\n\"", "\"\\uD800\\u0041\"", "\"\n\"", "[", "[1", "[1,", "[1,]", "[1 2]",
            "]",
            "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}",
            "{\"a\":1,\"a\":1}", "1 1", "// 1",
        ]
    )
    func refuses(text: String) {
        #expect(throws: JSONProblem.self) { try Self.value(of: text) }
    }

    @Test("Nesting is bounded")
    func boundsNesting() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try Self.value(of: nested(64)) }
        for depth in [65, 100_000] {
            let problem = try #require(throws: JSONProblem.self) {
                try Self.value(of: nested(depth))
            }
            #expect(problem.description == "nesting is too deep at byte 64")
        }
    }
}
