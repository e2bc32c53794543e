import Foundation
import Testing

@testable import JSON

@Suite("JSON parser")
struct JSONParserTests {
    static func value(of text: String) throws -> JSONValue {
        try JSONNode(parsing: text.utf8, file: "f").value
    }

    @Test(
        "Values of every kind are read",
        arguments: [
            (" null ", .null),
            ("true", .boolean(true)),
            ("\tfalse\r\n", .boolean(false)),
            (#""""#, .string("")),
            (#""\"\\\/\b\f\n\r\t\u00fC\uD83D\uDE00é""#, .string("\"\\/\u{8}\u{C}\n\r\tü😀é")),
            (#""\u0000\uFFFF\uDBFF\uDFFF""#, .string("\u{0}\u{FFFF}\u{10FFFF}")),
            ("[]", .array([])),
            ("[1 , [2]]", .array([.integer(1), .array([.integer(2)])])),
            ("{}", .object([])),
            (
                #"{"b":1,"a":{"":null}}"#,
                .object([
                    .init(key: "b", value: .integer(1)),
                    .init(key: "a", value: .object([.init(key: "", value: .null)])),
                ])
            ),
        ] as [(String, JSONValue)]
    )
    func reads(text: String, expected: JSONValue) throws {
        #expect(try Self.value(of: text) == expected)
    }

    @Test(
        "Whole numbers that fit Int are exact, all others are the nearest Double",
        arguments: [
            ("0", .integer(0)),
            ("-0", .integer(0)),
            ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(0x1p63)),
            ("-9223372036854775809", .number(-0x1p63)),
            ("1.0", .number(1)),
            ("-0.5e+10", .number(-5e9)),
            ("1E3", .number(1000)),
            ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
            ("4.9e-324", .number(.leastNonzeroMagnitude)),
            ("1e-400", .number(0)),
            ("1e400", .number(.infinity)),
            ("-1e400", .number(-.infinity)),
            ("1\(String(repeating: "0", count: 400))", .number(.infinity)),
        ] as [(String, JSONValue)]
    )
    func readsNumbers(text: String, expected: JSONValue) throws {
        #expect(try Self.value(of: text) == expected)
    }

    @Test("Canonically equivalent strings stay as they are written")
    func keepsScalars() throws {
        let texts = ["\u{E9}", "e\u{301}", "\u{212A}", "K"]
        let written = texts.map { "\"\($0)\"" }.joined(separator: ",")
        for text in ["[\(written)]", #"["\u00e9","e\u0301","\u212a","\u004b"]"#] {
            let strings = try JSONNode(parsing: text.utf8, file: "f").elements()
                .map { Array(try $0.string().utf8) }
            #expect(strings == texts.map { Array($0.utf8) })
        }
    }

    @Test("Members keep their order")
    func keepsOrder() throws {
        let keys = (0..<1000).map { "\($0 * 389 % 1000)" }
        let text = "{" + keys.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
        #expect(try JSONNode(parsing: text.utf8, file: "f").members().map(\.key) == keys)
    }

    @Test("Nesting is bounded", arguments: [("[", "", "]"), (#"{"a":"#, "0", "}")])
    func boundsNesting(open: String, inner: String, close: String) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
        }
        #expect(throws: Never.self) { try Self.value(of: nested(64)) }
        for depth in [65, 100_000] {
            let error = try #require(throws: JSONError.self) { try Self.value(of: nested(depth)) }
            let column = 64 * open.utf8.count + 1
            #expect(
                error.problem == "not valid JSON at line 1, column \(column): "
                    + "expected at most 64 levels of nesting, found '\(open.prefix(1))'"
            )
        }
    }

    @Test(
        "Keys are told apart by their bytes",
        arguments: [
            #"{"a":{"a":1},"b":{"a":1},"A":1}"#, "{\"\u{E9}\":1,\"e\u{301}\":2}",
        ]
    )
    func distinctKeys(_ text: String) throws {
        #expect(throws: Never.self) { try Self.value(of: text) }
    }

    @Test("Text is read as Foundation reads it, changed at random or not")
    func agreesWithFoundation() throws {
        let text =
            #"{"some":["x\u00e9\n\ud83d\ude00",0,10,-1.5e-3],"other":{"no":null,"d":[true,false]}}"#
        let alphabet = Array(#"0123456789"{}[],:-+.eEtrufalsn\ /"#.utf8)
        var state: UInt64 = 1
        func random(_ bound: Int) -> Int {
            // Knuth's MMIX generator; its high bits are the good ones.
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var accepted = 0
        for _ in 0..<20_000 {
            var bytes = Array(text.utf8)
            for _ in 0..<random(3) {
                let index = random(bytes.count)
                switch random(3) {
                case 0: bytes[index] = alphabet[random(alphabet.count)]
                case 1: bytes.remove(at: index)
                default: bytes.insert(alphabet[random(alphabet.count)], at: index)
                }
            }
            let changed = String(decoding: bytes, as: UTF8.self)
            // Foundation also reads a comma before a closing bracket, which is not JSON.
            if changed.contains(#/,\s*[\]}]/#) { continue }
            let ours = try? JSONNode(parsing: bytes, file: "f").value
            let options = JSONSerialization.ReadingOptions.fragmentsAllowed
            let theirs = try? JSONSerialization.jsonObject(with: Data(bytes), options: options)
            #expect((ours == nil) == (theirs == nil), "\(changed)")
            guard let ours, let theirs else { continue }
            #expect((Self.plain(ours) as? NSObject) == (theirs as? NSObject), "\(changed)")
            accepted += 1
        }
        #expect((6_000...14_000).contains(accepted))
    }

    /// The value as Foundation's reader gives it.
    private static func plain(_ value: JSONValue) -> Any {
        switch value {
        case .null: NSNull()
        case .boolean(let value): NSNumber(value: value)
        case .integer(let value): NSNumber(value: value)
        case .number(let value): NSNumber(value: value)
        case .string(let value): NSString(string: value)
        case .array(let values): NSArray(array: values.map(plain))
        case .object(let members):
            NSDictionary(
                dictionary: Dictionary(
                    uniqueKeysWithValues: members.map { ($0.key, plain($0.value)) }
                )
            )
        }
    }
}
