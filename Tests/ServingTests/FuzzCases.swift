import Foundation

/// Marsaglia's xorshift: the same numbers everywhere.
struct Xorshift: RandomNumberGenerator {
    private var state: UInt64

    /// The numbers of a case of a seed.
    init(seed: UInt64, number: Int) {
        state = seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15
        // States that differ little give numbers that differ little at first.
        for _ in 0..<4 { _ = next() }
    }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    /// A number below `count`, uniform enough for a fuzz.
    mutating func below(_ count: Int) -> Int { Int(next() >> 16) % max(1, count) }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }

    /// Replaces, removes, inserts or repeats bytes at a place.
    mutating func mutate(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let place = below(bytes.count)
        switch below(5) {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
        case 1: bytes[place] ^= 1 << UInt8(below(8))
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + 5))
        case 3: bytes.insert(contentsOf: pick(Self.troublesome), at: place)
        default: bytes += bytes[place...]
        }
    }

    private static let troublesome: [[UInt8]] = [
        [0xFF, 0xFE], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0],
        [0xE2, 0x80],
        Array("\r\n".utf8), Array("\n\n".utf8), Array("{".utf8), Array("]".utf8),
        Array(#"\u"#.utf8),
        Array(#"\ud83d"#.utf8), Array("1e999".utf8), Array("\"".utf8), Array(": ".utf8),
    ]
}

/// What is sent to a server that must not stumble.
enum FuzzCases {
    /// Bodies that are fine, as the pieces that JSON is made of.
    private static let bodies = [
        body(mixed), body(mixed, state: #"\u00e9 \ud83d\ude00 \n"#, model: "second"),
        Array(
            #"{"state": {"a": [1, -2.5e3, {"b": null}], "c": "d"}, "x_other": [true, false], "#.utf8
        )
            + Array(
                #""questions": {"a.b[0]": {"type": "noul", "instructions": ["Is", {"it": 1}], "#
                    .utf8
            )
            + Array(#""criteria": {"true": "yes", "false": null}}}}"#.utf8),
    ].map(pieces)

    /// What may stand for any piece.
    private static let values: [[UInt8]] =
        [
            "null", "true", "0", "-0", "1e999", "-1e-999", "1e308",
            String(repeating: "9", count: 400),
            "0x1", "01", "NaN", "-", #""""#, #""\ud800""#, #""\u0000""#, #""\x""#, #""noul""#,
            #""choice""#, #""score""#, #""criteria""#, #""jev-latest""#, "[]", "{}", "[{}]", ",",
            ":",
            #"{"a": 1, "a": 2}"#, #"{"\u0061": 1, "a": 2}"#, "\u{FEFF}", "\"\u{202E}\"", "/**/",
            String(repeating: "[", count: 5000), String(repeating: #"{"a":"#, count: 100) + "1",
            String(repeating: "[", count: 60) + String(repeating: "]", count: 60),
            #"""# + String(repeating: "long ", count: 2000) + #"""#,
            "{" + (0..<300).map { #""\#($0)": null"# }.joined(separator: ",") + "}",
        ].map { Array($0.utf8) } + [[0x22, 0xFF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0], []]

    /// Strings, words and marks of a text of JSON.
    private static func pieces(_ text: [UInt8]) -> [[UInt8]] {
        var (pieces, isInString): ([[UInt8]], Bool) = ([[]], false)
        for byte in text {
            let isMark = !isInString && #"{}[]:,"#.utf8.contains(byte)
            if isMark || (byte == 0x22 && !isInString) { pieces.append([]) }
            pieces[pieces.count - 1].append(byte)
            if byte == 0x22 { isInString.toggle() }
            if isMark { pieces.append([]) }
        }
        return pieces.filter { !$0.isEmpty && $0 != [0x20] }
    }

    /// A body with some of its pieces changed, then some of its bytes.
    static func changedBody(_ random: inout Xorshift) -> [UInt8] {
        var pieces = random.pick(bodies)
        for _ in 0..<random.below(3) {
            let (place, other) = (random.below(pieces.count), random.below(pieces.count))
            switch random.below(5) {
            case 0: pieces.swapAt(place, other)
            case 1: pieces.remove(at: place)
            case 2: pieces += pieces[place...]
            // A member twice.
            case 3:
                pieces.insert(contentsOf: pieces[place..<min(pieces.count, place + 4)], at: place)
            default: pieces[place] = random.pick(values)
            }
        }
        var bytes: [UInt8] = []
        for piece in pieces { bytes += piece }
        for _ in 0..<random.below(3) { random.mutate(&bytes) }
        if random.below(8) == 0 { bytes.removeLast(random.below(bytes.count)) }
        return bytes
    }

    private static let methods = [
        "", "get", "GET", "PRI", "CONNECT", "OPTIONS", "TRACE", "HEAD", "PO ST", "P\u{0}ST", "PÖST",
        "PUT", "DELETE", "M-SEARCH", String(repeating: "A", count: 9000),
    ]
    private static let targets = [
        "", "*", "//", "/", "/health", "/metrics", "/openapi.json", "/v1/models",
        "/v1/systemone?a#b",
        "/v1/systemone/", "http://localhost/v1/systemone", "http://[::1", "/%", "/%00",
        "/../../etc",
        "/\u{1}", "/é", "localhost:80", "/" + String(repeating: "a", count: 20_000),
    ]
    private static let versions = [
        "", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "http/1.1", "HTTP/1.", "HTTP/1.10",
    ]
    private static let lengths = [
        "-1", "+5", "0x10", "5, 5", "1e3", "18446744073709551616", "9223372036854775807", "", "0",
        "1", "99", "65536", "65537", "100000", "99999999", "٣", "5 5", "\u{0}",
    ]
    private static let codings = [
        "chunked", "Chunked", "chunked, chunked", "gzip", "gzip, chunked", "identity", "", "chunk",
        "chunked\u{0B}",
    ]
    private static let sizes = [
        "0", "5", "ffffffffffffffffff", "7fffffffffffffff", "-1", "g", "", "5;a=b", "5 ", "0x5",
        "fffff", "5;" + String(repeating: "x", count: 20_000),
    ]
    private static let sources = [
        "Host:", "Host: other", "Host: [::1", "Host: localhost\r\nOrigin: null", "Origin: \u{1}",
        "Host: localhost\r\nHost: other", "Host: \u{F6}", "Host: localhost:99999999999999999999",
    ]
    private static let fields = [
        "Expect: 100-continue", "Expect: nothing", "Connection: close", "Connection: upgrade",
        "Upgrade: websocket", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings",
        "Host: localhost", "Authorization: Bearer", "Authorization: Basic \u{1}", "no colon",
        ": no name", "A : b", " folded", "A: \u{0}", "A: \u{7F}", "É: é",
        "Content-Type: text/plain",
        "TE: trailers", "Trailer: A", "Range: bytes=0-", "Content-Encoding: gzip", "\u{1}\u{2}",
        "A: " + String(repeating: "b", count: 20_000),
        String(repeating: "A", count: 20_000) + ": b",
        (0..<200).map { "A\($0): b" }.joined(separator: "\r\n"), "A: b\rC: d", "A: b\nC: d",
    ]

    /// A request with a fault or two in its head, or in how its body is told.
    static func faultyRequest(_ random: inout Xorshift) -> [UInt8] {
        var first = ["POST", "/v1/systemone", "HTTP/1.1"]
        var content = random.below(2) == 0 ? body(mixed) : changedBody(&random)
        var lines = ["Host: localhost", "Content-Length: \(content.count)"]
        var changes = 0
        for _ in 0...random.below(2) {
            switch random.below(8) {
            case 0: first[0] = random.pick(methods)
            case 1: first[1] = random.pick(targets)
            case 2: first[2] = random.pick(versions)
            case 3: lines[1] = "Content-Length: " + random.pick(lengths)
            case 4: lines.insert("Transfer-Encoding: " + random.pick(codings), at: 1)
            case 5: lines.insert(random.pick(fields), at: random.below(lines.count + 1))
            case 6: lines[0] = random.pick(sources)
            default: changes += 1 + random.below(2)
            }
        }
        if random.below(8) == 0 {
            lines[lines.count - 1] = "Transfer-Encoding: chunked"
            content = chunks(content, &random)
        }
        let end = random.below(20) == 0 ? "\n" : "\r\n"
        let parts = [first.filter { !$0.isEmpty }.joined(separator: " ")] + lines + ["", ""]
        var head = Array(parts.joined(separator: end).utf8)
        for _ in 0..<changes { random.mutate(&head) }
        return head + content
    }

    /// A body in chunks, some of whose sizes or ends are wrong.
    private static func chunks(_ body: [UInt8], _ random: inout Xorshift) -> [UInt8] {
        var (bytes, rest): ([UInt8], ArraySlice<UInt8>) = ([], body[...])
        while !rest.isEmpty {
            let chunk = rest.prefix(1 + random.below(200))
            rest = rest.dropFirst(chunk.count)
            let isWrong = random.below(8) == 0
            let size = isWrong ? random.pick(sizes) : String(chunk.count, radix: 16)
            bytes += Array("\(size)\r\n".utf8) + chunk
            bytes += Array((random.below(12) == 0 ? "" : "\r\n").utf8)
        }
        return bytes + Array((random.below(6) == 0 ? "" : "0\r\n\r\n").utf8)
    }
}
