import Foundation
import TensorFiles
import Testing

@Suite("Safetensors")
struct SafetensorsTests {
    /// A tensor as the reference library reads it.
    struct Expected: Decodable {
        let dtype: String
        let shape: [Int]
        let hexadecimal: String
    }

    static func expected() throws -> [String: Expected] {
        try JSONDecoder().decode(
            [String: Expected].self,
            from: Data(contentsOf: golden("all-types.json"))
        )
    }

    static func content(_ bytes: FileBytes) -> Data {
        bytes.withBytes { Data($0) }
    }

    @Test("Every element type is read as the reference library reads it")
    func readsAllTypes() throws {
        let file = try Safetensors(contentsOf: golden("all-types.safetensors"))
        let expected = try Self.expected()
        #expect(Set(file.names) == Set(expected.keys))
        #expect(Set(file.entries.values.map(\.elementType)) == Set(ElementType.allCases))
        #expect(file.metadata == ["format": "pt ü\n\"\\/\u{1}"])
        for (name, tensor) in expected {
            let entry = try #require(file.entries[name])
            #expect(entry.name == name)
            #expect(entry.elementType.rawValue == tensor.dtype)
            #expect(entry.shape == tensor.shape)
            #expect(try Self.content(file.bytes(of: name)) == Data(hexadecimal: tensor.hexadecimal))
        }
    }

    @Test("Names keep the order of the header")
    func namesKeepOrder() throws {
        let header = """
            {"z":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},
             "a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}, "__metadata__":{},
             "m":{"dtype":"U8","shape":[0],"data_offsets":[2,2]}}
            """
        try withFile(safetensorsFile(header, dataLength: 2)) { url in
            let file = try Safetensors(contentsOf: url)
            #expect(file.names == ["z", "a", "m"])
        }
    }

    @Test("Writing the reference's tensors in its order gives the reference's bytes")
    func writesTheReferencesBytes() throws {
        let reference = golden("all-types.safetensors")
        let file = try Safetensors(contentsOf: reference)
        let tensors = try file.names.map { name in
            let entry = try #require(file.entries[name])
            return TensorToWrite(
                name: name,
                elementType: entry.elementType,
                shape: entry.shape,
                bytes: try Self.content(file.bytes(of: name))
            )
        }
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("ours.safetensors")
            try Safetensors.write(tensors, metadata: file.metadata, to: url)
            #expect(try Data(contentsOf: url) == Data(contentsOf: reference))
        }
    }

    @Test("Metadata are sorted, and the data start at a multiple of eight")
    func writesSortedAndAligned() throws {
        try withTemporaryFolder { folder in
            for length in 0..<9 {
                let url = folder.appendingPathComponent("\(length)")
                let name = String(repeating: "n", count: length)
                let tensor = TensorToWrite(
                    name: name,
                    elementType: .uint8,
                    shape: [2],
                    bytes: Data([1, 2])
                )
                try Safetensors.write([tensor], metadata: ["b": "2", "a": "1", "c": "3"], to: url)
                let file = try Safetensors(contentsOf: url)
                #expect(file.entries[name]?.byteRange.lowerBound.isMultiple(of: 8) == true)
                #expect(try Self.content(file.bytes(of: name)) == Data([1, 2]))
                let start = #"{"__metadata__":{"a":"1","b":"2","c":"3"},"#
                #expect(try Data(contentsOf: url).dropFirst(8).starts(with: start.utf8))
            }
        }
    }

    @Test("A file without tensors can be written and read")
    func empty() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("empty.safetensors")
            try Safetensors.write([], to: url)
            let file = try Safetensors(contentsOf: url)
            #expect(file.names.isEmpty && file.metadata.isEmpty)
        }
    }

    @Test("Bytes outlive the reader as long as their owner is held")
    func bytesOutliveReader() throws {
        let bytes = try Safetensors(contentsOf: golden("all-types.safetensors")).bytes(of: "bool")
        #expect(bytes.withBytes { Array($0) } == [1, 0, 1])
    }

    @Test("An absent tensor is named with the file")
    func missingTensor() throws {
        let file = try Safetensors(contentsOf: golden("all-types.safetensors"))
        let text = try sentence { _ = try file.bytes(of: "lm_head") }
        #expect(text.hasSuffix("all-types.safetensors: there is no tensor \"lm_head\""))
    }

    @Test(
        "Tensors that do not fit their description are not written",
        arguments: [
            (
                "x", [2, 2], 3,
                "tensor \"x\" of type U8 and shape [2, 2] needs 4 bytes, found 3 bytes"
            ),
            ("x", [-1], 1, "tensor \"x\" of type U8 and shape [-1] is not a shape, found 1 bytes"),
            ("x", [.max, 2], 1, "is not a shape, found 1 bytes"),
            ("taken", [1], 1, "the name \"taken\" is taken"),
            ("__metadata__", [1], 1, "the name \"__metadata__\" is taken"),
        ] as [(String, [Int], Int, String)]
    )
    func refusesToWrite(name: String, shape: [Int], count: Int, problem: String) throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("out.safetensors")
            let first = TensorToWrite(
                name: "taken",
                elementType: .uint8,
                shape: [],
                bytes: Data(count: 1)
            )
            let second = TensorToWrite(
                name: name,
                elementType: .uint8,
                shape: shape,
                bytes: Data(count: count)
            )
            let text = try sentence { try Safetensors.write([first, second], to: url) }
            #expect(
                text.contains("out.safetensors: cannot be written: ") && text.hasSuffix(problem)
            )
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }
}
