import Testing

@testable import Tokenization

@Suite("Characters have the classes that the reference library gives them")
struct UnicodeTests {
    struct Golden: Decodable {
        let ranges: [String: [[UInt32]]]
        let contractions: [String]
    }

    private func isMember(_ code: UInt32, of name: String) -> Bool {
        switch name {
        case "letter": UnicodeClasses.of(code) == .letter
        case "number": UnicodeClasses.of(code) == .number
        case "space": UnicodeClasses.of(code) == .space && UnicodeClasses.isSpace(code)
        case "digit": UnicodeClasses.isDigit(code)
        default: UnicodeClasses.isWord(code)
        }
    }

    @Test("Every character is asked", arguments: ["letter", "number", "space", "digit", "word"])
    func classes(_ name: String) throws {
        let golden = try GoldenFiles.decode(Golden.self, "classes.json")
        var members = [Bool](repeating: false, count: 0x11_0000)
        for range in try #require(golden.ranges[name]) {
            for code in range[0]...range[1] { members[Int(code)] = true }
        }
        let wrong = (0..<0x11_0000 as Range<UInt32>).filter { code in
            Unicode.Scalar(code) != nil && isMember(code, of: name) != members[Int(code)]
        }
        #expect(wrong.map { String($0, radix: 16) } == [])
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
