import Foundation
import TensorFiles
import Testing

@Suite("Sharded checkpoint")
struct ShardedCheckpointTests {
    @Test("Tensors of two shards are one archive")
    func readsShards() throws {
        let checkpoint = try ShardedCheckpoint(contentsOf: golden("sharded"))
        let expected: [(name: String, shape: [Int], value: Float)] = [
            ("model.embed.weight", [1, 2], 10), ("model.norm.weight", [1, 2], 11),
            ("head.weight", [2, 2], 20),
        ]
        #expect(Set(checkpoint.entries.keys) == Set(expected.map(\.name)))
        #expect(
            checkpoint.files.map(\.lastPathComponent)
                == ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
        )
        for (name, shape, value) in expected {
            #expect(checkpoint.entries[name]?.shape == shape)
            let content = try SafetensorsTests.content(checkpoint.bytes(of: name))
            let weights = (0..<2 * shape[0]).map { _ in bytes(value.bitPattern) }
            #expect(content == Data(weights.joined()))
        }
        let text = try sentence { _ = try checkpoint.bytes(of: "bias") }
        #expect(text.hasSuffix("sharded: there is no tensor \"bias\""))
    }

    @Test("A single file is preferred to an index")
    func prefersSingleFile() throws {
        try withTemporaryFolder { folder in
            try FileManager.default.copyItem(
                at: golden("all-types.safetensors"),
                to: folder.appendingPathComponent("model.safetensors")
            )
            try Data("not JSON".utf8).write(
                to: folder.appendingPathComponent("model.safetensors.index.json")
            )
            let checkpoint = try ShardedCheckpoint(contentsOf: folder)
            #expect(checkpoint.files.map(\.lastPathComponent) == ["model.safetensors"])
            #expect(try SafetensorsTests.content(checkpoint.bytes(of: "bool")) == Data([1, 0, 1]))
        }
    }

    @Test("A tensor that the index gives to another shard is left out")
    func indexDecides() throws {
        try withIndex(#"{"weight_map":{"head.weight":"model-00002-of-00002.safetensors"}}"#) {
            folder in
            let checkpoint = try ShardedCheckpoint(contentsOf: folder)
            #expect(Array(checkpoint.entries.keys) == ["head.weight"])
        }
    }

    @Test(
        "A bad index is refused with the reason",
        arguments: [
            (
                "",
                ".index.json: not valid JSON at line 1, column 1: expected a value, "
                    + "found the end of the text"
            ),
            ("[]", ".index.json: the top level: expected an object, found an array"),
            (
                "{}",
                ".index.json: the top level: expected a value for \"weight_map\", found none"
            ),
            (
                #"{"weight_map":[]}"#,
                ".index.json: weight_map: expected an object, found an array"
            ),
            (
                #"{"weight_map":{"a":1}}"#,
                "weight_map: the file of tensor \"a\" should be a string, found the number 1"
            ),
            (
                #"{"weight_map":{"a":"gone.safetensors"}}"#,
                "gone.safetensors: cannot be read: No such file or directory"
            ),
            (
                #"{"weight_map":{"a":"model-00001-of-00002.safetensors"}}"#,
                "model-00001-of-00002.safetensors: there is no tensor \"a\""
            ),
        ]
    )
    func refusesIndex(index: String, problem: String) throws {
        try withIndex(index) { folder in
            let text = try sentence { _ = try ShardedCheckpoint(contentsOf: folder) }
            #expect(text.hasSuffix(problem))
        }
    }

    @Test(
        "A shard path that may leave the folder is refused",
        arguments: [
            "", "..", "../model.safetensors", "/etc/passwd", "a/../../b", "a//b", "./a", "a/",
            "a\\u0000b",
        ]
    )
    func refusesPath(path: String) throws {
        try withIndex(#"{"weight_map":{"a":"\#(path)"}}"#) { folder in
            let text = try sentence { _ = try ShardedCheckpoint(contentsOf: folder) }
            #expect(text.hasSuffix("of tensor \"a\" is not a path inside the folder"))
        }
    }

    @Test("A folder without weights says what was looked for")
    func noWeights() throws {
        try withTemporaryFolder { folder in
            let looked = "there is no model.safetensors or model.safetensors.index.json"
            let empty = try sentence { _ = try ShardedCheckpoint(contentsOf: folder) }
            #expect(empty == "\(folder.path): cannot be read: \(looked)")

            let pickle = folder.appendingPathComponent("pytorch_model.bin")
            try Data().write(to: pickle)
            let pickled = try sentence { _ = try ShardedCheckpoint(contentsOf: folder) }
            #expect(
                pickled == "\(folder.path): cannot be read: \(looked), only pytorch_model.bin, "
                    + "which must be converted to safetensors first"
            )

            let file = try sentence { _ = try ShardedCheckpoint(contentsOf: pickle) }
            #expect(file == "\(pickle.path): cannot be read: it is not a folder")
            let gone = folder.appendingPathComponent("gone")
            let missing = try sentence { _ = try ShardedCheckpoint(contentsOf: gone) }
            #expect(missing == "\(gone.path): cannot be read: No such file or directory")
        }
    }

    /// Runs `body` with a copy of the golden folder that has another index.
    private func withIndex(_ index: String, _ body: (URL) throws -> Void) throws {
        try withTemporaryFolder { parent in
            let folder = parent.appendingPathComponent("sharded")
            try FileManager.default.copyItem(at: golden("sharded"), to: folder)
            try Data(index.utf8).write(
                to: folder.appendingPathComponent("model.safetensors.index.json")
            )
            try body(folder)
        }
    }
}
