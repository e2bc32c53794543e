import Foundation
import JSON
import Testing

@Suite("JSON nodes")
struct JSONNodeTests {
    static let root = try? JSONNode(
        parsing: #"""
            {"a":{"list":[1,"x",true,null,1.5,-1,2147483648,1e400,{}]},"nothing":null,
            "again":1,"Again":2,"\u004b":1,"\u212a":2,"ab":"e\u0301"}
            """#.utf8,
        file: "f.json"
    )

    @Test("Values are read as the type asked for")
    func reads() throws {
        let root = try #require(Self.root)
        let list = try root.required("a").required("list").elements()
        #expect(try list[0].integer() == 1)
        #expect(try list[0].number() == 1)
        #expect(try list[1].string() == "x")
        #expect(try list[1].scalar() == "x")
        #expect(try list[2].boolean())
        #expect(try list[4].number() == 1.5)
        #expect(try list[5].number() == -1)
        #expect(try list[8].members().isEmpty)
        #expect(list[5].key == "a.list[5]")
    }

    @Test("Members are found by their exact name")
    func findsMembers() throws {
        let root = try #require(Self.root)
        #expect(try root.member("nothing") == nil)
        #expect(try root.member("missing") == nil)
        #expect(try root.required("again").integer() == 1)
        #expect(try root.required("K").integer() == 1)
        #expect(try root.required("\u{212A}").integer() == 2)
    }

    @Test("A value of another type is named with its file and key")
    func names() throws {
        let faults: [(read: (JSONNode) throws -> Void, sentence: String)] = [
            (
                { _ = try $0.elements() },
                "the top level: expected an array, found an object"
            ),
            (
                { _ = try $0.required("nothing") },
                "the top level: expected a value for \"nothing\", found none"
            ),
            (
                { _ = try $0.required("a").required("b") },
                "a: expected a value for \"b\", found none"
            ),
            (
                { _ = try $0.required("ab").members() },
                "ab: expected an object, found the string \"e\u{301}\""
            ),
            (
                { _ = try $0.required("ab").scalar() },
                "ab: expected a string of one character, found the string \"e\u{301}\""
            ),
            (
                { _ = try Self.listed($0, 0).string() },
                "a.list[0]: expected a string, found the number 1"
            ),
            (
                { _ = try Self.listed($0, 0).boolean() },
                "a.list[0]: expected true or false, found the number 1"
            ),
            (
                { _ = try Self.listed($0, 2).number() },
                "a.list[2]: expected a number, found true"
            ),
            (
                { _ = try Self.listed($0, 3).member("x") },
                "a.list[3]: expected an object, found null"
            ),
            (
                { _ = try Self.listed($0, 4).integer() },
                "a.list[4]: expected an integer from 0 to 2147483647, found the number 1.5"
            ),
            (
                { _ = try Self.listed($0, 5).integer() },
                "a.list[5]: expected an integer from 0 to 2147483647, found the number -1"
            ),
            (
                { _ = try Self.listed($0, 6).integer() },
                "a.list[6]: expected an integer from 0 to 2147483647, found the number 2147483648"
            ),
            (
                { _ = try Self.listed($0, 7).number() },
                "a.list[7]: expected a number, found the number inf"
            ),
            (
                { throw try Self.listed($0, 1).unsupported("x\n", ["y", "z"]) },
                "a.list[1]: \"x\\n\" is not supported; supported: y, z"
            ),
        ]
        let root = try #require(Self.root)
        for (read, sentence) in faults {
            let error = #expect(throws: JSONError.self) { try read(root) }
            #expect(error?.description == "f.json: " + sentence)
        }
    }

    private static func listed(_ root: JSONNode, _ index: Int) throws -> JSONNode {
        try root.required("a").required("list").elements()[index]
    }

    @Test("A file that cannot be read is named")
    func namesFile() throws {
        let folder = FileManager.default.temporaryDirectory
        let missing = folder.appendingPathComponent("\(UUID().uuidString).json")
        for (url, reason) in [(missing, "No such file or directory"), (folder, "it is a folder")] {
            let error = #expect(throws: JSONError.self) { try JSONNode(contentsOf: url) }
            #expect(error?.description == "\(url.path): cannot be read: \(reason)")
        }
        try Data("[1]".utf8).write(to: missing)
        defer { try? FileManager.default.removeItem(at: missing) }
        #expect(try JSONNode(contentsOf: missing).value == .array([.integer(1)]))
    }
}
