import Foundation
import JSON
import Testing

@Suite("JSON parser, bad input")
struct JSONBadInputTests {
    @Test(
        "Text that is not JSON is refused with the place and the reason",
        arguments: [
            // Truncated.
            ("", 0, "a value", "the end of the text"),
            (" ", 1, "a value", "the end of the text"),
            ("nul", 0, "null", "'nul'"),
            ("tru", 0, "true", "'tru'"),
            ("-", 1, "a digit", "the end of the text"),
            ("1.", 2, "a digit", "the end of the text"),
            ("1e", 2, "a digit", "the end of the text"),
            ("1e+", 3, "a digit", "the end of the text"),
            (#"""#, 1, "the end of a string", "the end of the text"),
            (#""a"#, 2, "the end of a string", "the end of the text"),
            (#""\"#, 2, "an escape", "the end of the text"),
            (#""\u12"#, 5, "a hexadecimal digit", "the end of the text"),
            ("[", 1, "a value", "the end of the text"),
            ("[1", 2, "',' or ']'", "the end of the text"),
            ("[1,", 3, "a value", "the end of the text"),
            ("{", 1, "a key in double quotes", "the end of the text"),
            (#"{"a""#, 4, "':'", "the end of the text"),
            (#"{"a":"#, 5, "a value", "the end of the text"),
            (#"{"a":1"#, 6, "',' or '}'", "the end of the text"),
            (#"{"a":1,"#, 7, "a key in double quotes", "the end of the text"),
            // Not JSON, though other languages read it.
            ("+1", 0, "a value", "'+'"),
            (".5", 0, "a value", "'.'"),
            ("01", 1, "no digit after a leading zero", "'1'"),
            ("-00", 2, "no digit after a leading zero", "'0'"),
            ("-.5", 1, "a digit", "'.'"),
            ("1.e5", 2, "a digit", "'e'"),
            ("0x1", 1, "the end of the text", "'x'"),
            ("1_000", 1, "the end of the text", "'_'"),
            ("NaN", 0, "a value", "'NaN'"),
            ("-Infinity", 1, "a digit", "'Infinity'"),
            ("True", 0, "a value", "'True'"),
            ("'a'", 0, "a value", "'''"),
            ("// 1", 0, "a value", "'/'"),
            ("\u{A0}1", 0, "a value", "U+00A0"),
            ("\u{FEFF}1", 0, "a value", "a byte order mark"),
            ("\u{0}", 0, "a value", "U+0000"),
            // Structure.
            ("1 1", 2, "the end of the text", "'1'"),
            ("{}}", 2, "the end of the text", "'}'"),
            ("]", 0, "a value", "']'"),
            ("[,]", 1, "a value", "','"),
            ("[1,]", 3, "another element", "']' after a comma"),
            ("[1 2]", 3, "',' or ']'", "'2'"),
            ("[1}", 2, "',' or ']'", "'}'"),
            (#"{"a":1,}"#, 7, "another element", "'}' after a comma"),
            (#"{"a" 1}"#, 5, "':'", "'1'"),
            (#"{"a":1 "b":2}"#, 7, "',' or '}'", "'\"'"),
            ("{a:1}", 1, "a key in double quotes", "'a'"),
            ("{1:1}", 1, "a key in double quotes", "'1'"),
            // Strings.
            (#""\x""#, 2, "an escape", "'x'"),
            (#""\U0041""#, 2, "an escape", "'U'"),
            (#""\u12G4""#, 5, "a hexadecimal digit", "'G'"),
            (#""\u+123""#, 3, "a hexadecimal digit", "'+'"),
            (#""\uD800""#, 1, "a pair of surrogates", #"\uD800 alone"#),
            (#""x\uDC00""#, 2, "a pair of surrogates", #"\uDC00 alone"#),
            (#""\uDC00\uD800""#, 1, "a pair of surrogates", #"\uDC00 alone"#),
            (#""\uD800\n""#, 1, "a pair of surrogates", #"\uD800 alone"#),
            (#""\uD800\u0041""#, 1, "a pair of surrogates", #"\uD800 alone"#),
            (#""\uD800\uD800""#, 1, "a pair of surrogates", #"\uD800 alone"#),
            (#""\uD800x""#, 1, "a pair of surrogates", #"\uD800 alone"#),
            ("\"é😀\u{1}\"", 3, "the end of a string", "U+0001"),
            ("“a”", 0, "a value", "U+201C"),
            // Keys.
            (#"{"a":1,"b":2, "a":1}"#, 14, "distinct keys", #""a" once more"#),
            (#"[{"a":{"b":1,"\u0062":1}}]"#, 13, "distinct keys", #""b" once more"#),
            ("\"\n\"", 1, "the end of a string", "U+000A"),
            ("\"a\\n\u{1F}\"", 4, "the end of a string", "U+001F"),
        ] as [(String, Int, String, String)]
    )
    func refuses(text: String, offset: Int, expected: String, found: String) {
        let error = #expect(throws: JSONError.self) {
            try JSONNode(parsing: text.utf8, file: "f.json")
        }
        #expect(
            error?.description
                == "f.json: not valid JSON at line 1, column \(offset + 1): "
                + "expected \(expected), found \(found)"
        )
    }

    @Test(
        "Bytes that are not UTF-8 are refused where they stand, in strings and outside",
        arguments: [
            ([0x7B, 0xFF, 0x7D], 1),
            ([0x22, 0x80, 0x22], 1),  // A continuation byte alone.
            ([0x22, 0xC3, 0x22], 1),  // A sequence cut short.
            ([0x22, 0x61, 0xC0, 0x80, 0x22], 2),  // NUL in two bytes.
            ([0x22, 0xED, 0xA0, 0x80, 0x22], 1),  // A surrogate.
            ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1),  // Beyond U+10FFFF.
            ([0xFF, 0xFE, 0x31, 0x00], 0),  // UTF-16.
        ] as [([UInt8], Int)]
    )
    func refusesOtherEncodings(bytes: [UInt8], offset: Int) {
        let error = JSONError.malformed(
            file: "f",
            line: 1,
            column: offset + 1,
            expected: "UTF-8",
            found: "another byte sequence"
        )
        #expect(throws: error) { try JSONNode(parsing: bytes, file: "f") }
    }

    @Test("Lines are counted, and columns from their starts")
    func countsLines() {
        let error = JSONError.malformed(
            file: "f",
            line: 3,
            column: 5,
            expected: "a value",
            found: "'NaN'"
        )
        #expect(throws: error) {
            try JSONNode(parsing: "{\r\n\"a\": 1,\n\"é\":NaN}".utf8, file: "f")
        }
    }

    @Test("Every prefix of an object is refused")
    func refusesPrefixes() throws {
        let text = #" {"a":[0,-1.5e+3,"x\u00e9\n\ud83d\ude00é"],"b":{"c":null,"d":[true,false]}}"#
        let bytes = Array(text.utf8)
        #expect(throws: Never.self) { try JSONNode(parsing: bytes, file: "f") }
        for length in bytes.indices {
            #expect(throws: JSONError.self, "\(length) bytes") {
                try JSONNode(parsing: bytes.prefix(length), file: "f")
            }
        }
    }
}
