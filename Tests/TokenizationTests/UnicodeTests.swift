import Testing

@testable import Tokenization

@Suite("Characters have the classes that the reference library gives them")
struct UnicodeTests {
    struct Golden: Decodable {
        let ranges: [String: [[UInt32]]]
        let contractions: [String]
        /// Ranges of the characters that each pattern matches.
        let patterns: [String: [[UInt32]]]
    }

    /// Planes 0 to 3 and 14; in the others are private characters alone, and not all are asked.
    private static let codes: [UInt32] =
        Array(0..<0x4_0000) + Array(0xe_0000..<0xe_0200) + [0xf_0000, 0x10_fffd, 0x10_ffff]

    private func isMember(_ code: UInt32, of name: String) -> Bool {
        switch name {
        case "letter": UnicodeClasses.of(code) == .letter
        case "number": UnicodeClasses.of(code) == .number
        case "space": UnicodeClasses.of(code) == .space && UnicodeClasses.isSpace(code)
        case "digit": UnicodeClasses.isDigit(code)
        case "punctuation": UnicodeClasses.isPunctuation(code)
        case "accent": UnicodeClasses.isAccent(code)
        default: UnicodeClasses.isWord(code)
        }
    }

    @Test(
        "Every character is asked",
        arguments: ["letter", "number", "space", "digit", "word", "punctuation", "accent"]
    )
    func classes(_ name: String) throws {
        let golden = try GoldenFiles.decode(Golden.self, "classes.json")
        var members = [Bool](repeating: false, count: 0x11_0000)
        for range in try #require(golden.ranges[name]) {
            for code in range[0]...range[1] { members[Int(code)] = true }
        }
        let wrong = Self.codes.filter { code in
            Unicode.Scalar(code) != nil && isMember(code, of: name) != members[Int(code)]
        }
        #expect(wrong.map { String($0, radix: 16) } == [])
    }

    @Test("Classes of patterns have the characters that the library matches")
    func patterns() throws {
        let golden = try GoldenFiles.decode(Golden.self, "classes.json")
        #expect(golden.patterns.count == 36)
        // A general category is asked for its own characters and some: none has those of another.
        for (pattern, ranges) in golden.patterns {
            let set = try PatternProgram(pattern).sets[0]
            var members = [Bool](repeating: false, count: 0x11_0000)
            for range in ranges { for code in range[0]...range[1] { members[Int(code)] = true } }
            let isCategory = pattern.hasPrefix("\\p")
            let wrong = Self.codes.filter { code in
                Unicode.Scalar(code) != nil && (!isCategory || members[Int(code)] || code % 16 == 0)
                    && set.contains(code) != members[Int(code)]
            }
            #expect(wrong.map { String($0, radix: 16) } == [], "\(pattern)")
        }
    }

    @Test("Llama 3 contractions fold case as Unicode does")
    func contractions() throws {
        let golden = try GoldenFiles.decode(Golden.self, "classes.json")
        let expected = Set(golden.contractions.map { Array($0.utf8) })
        var found: Set<[UInt8]> = []
        for code in 0..<0x11_0000 as Range<UInt32> {
            guard let scalar = Unicode.Scalar(code), UnicodeClasses.of(code) == .letter else {
                continue
            }
            for text in ["'\(scalar)", "'r\(scalar)", "'l\(scalar)", "'\(scalar)e", "'\(scalar)L"] {
                // A contraction ends before the x that any other word would take in.
                let bytes = Array(text.utf8)
                var words: [Range<Int>] = []
                WordScanner.llama3.cut(bytes + Array("x".utf8), 0..<bytes.count + 1, &words)
                if words.first == 0..<bytes.count { found.insert(bytes) }
            }
        }
        #expect(found == expected)
    }
}
