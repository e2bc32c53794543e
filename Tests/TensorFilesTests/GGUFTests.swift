import Foundation
import Testing

@testable import TensorFiles

@Suite("GGUF")
struct GGUFTests {
    @Test("Metadata of every type are read", arguments: ["metadata-v2.gguf", "metadata-v3.gguf"])
    func metadata(name: String) throws {
        let file = try GGUF(contentsOf: golden(name))
        let expected: [String: GGUFValue] = [
            "general.architecture": .string("llama"),
            "general.alignment": .uint32(64),
            "a.uint8": .uint8(255),
            "a.int8": .int8(-128),
            "a.uint16": .uint16(65535),
            "a.int16": .int16(-32768),
            "a.uint32": .uint32(.max),
            "a.int32": .int32(.min),
            "a.float32": .float32(0.1),
            "a.bool": .bool(true),
            "a.string": .string("héllo\n😀"),
            "a.uint64": .uint64(.max),
            "a.int64": .int64(.min),
            "a.float64": .float64(0.1),
            "b.strings": .array([.string("a"), .string(""), .string("ß")]),
            "b.integers": .array([.int32(3), .int32(-4)]),
            "b.doubles": .array([.float32(0.5), .float32(-2)]),
            "b.booleans": .array([.bool(true), .bool(false)]),
            "b.nested": .array([.array([.int32(1), .int32(2)]), .array([.int32(3)])]),
            "b.bytes": .array([.uint8(0), .uint8(255)]),
        ]
        #expect(file.metadata == expected)
        #expect(file.version == (name.contains("v2") ? 2 : 3))
    }

    @Test("Shapes are row-major, and the file's alignment is honoured")
    func tensors() throws {
        let file = try GGUF(contentsOf: golden("metadata-v3.gguf"))
        #expect(file.names == ["one", "two"])
        #expect(file.tensors["one"]?.shape == [2, 3])
        #expect(file.tensors["two"]?.shape == [2, 3, 4])
        #expect(file.tensors["two"]?.type.name == "F16")
        #expect(file.tensors.values.allSatisfy { $0.byteRange.lowerBound.isMultiple(of: 64) })
        #expect(try file.floats("one") == (0..<6).map(Float.init))
        #expect(try file.floats("two") == (0..<24).map(Float.init))
        #expect(try file.bytes(of: "one").withBytes(\.count) == 24)
    }

    @Test(
        "Blocks of every format decode to gguf-py's weights, bit for bit",
        arguments: [
            "F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K",
            "Q5_K", "Q6_K",
        ]
    )
    func dequantizes(type: String) throws {
        let file = try GGUF(contentsOf: golden("blocks.gguf"))
        let reference = try Safetensors(contentsOf: golden("blocks.safetensors"))
        let tensor = try #require(file.tensors[type])
        #expect(tensor.type.name == type)
        #expect(tensor.shape == reference.entries[type]?.shape)
        let expected = try SafetensorsTests.content(reference.bytes(of: type))
        let weights = try file.floats(type)
        #expect(weights.withUnsafeBytes { Data($0) } == expected)
        #expect(Set(weights).count > 100)
    }

    @Test("Other formats are refused by name, as are absent tensors")
    func refusesFormat() throws {
        let file = try GGUF(contentsOf: golden("blocks.gguf"))
        let text = try sentence { _ = try file.dequantized("IQ2_XXS") }
        #expect(text.hasSuffix("type IQ2_XXS of tensor \"IQ2_XXS\" is not supported"))
        let missing = try sentence { _ = try file.dequantized("Q9") }
        #expect(missing.hasSuffix("blocks.gguf: there is no tensor \"Q9\""))
    }

    #if !(os(macOS) && arch(x86_64))
    @Test("All 65536 half-precision numbers are converted as the standard library does")
    func convertsHalves() {
        for bits in UInt16.min ... .max {
            let expected = Float(Float16(bitPattern: bits))
            let found = BlockFormats.singlePrecision(bits)
            #expect(
                found.bitPattern == expected.bitPattern || (found.isNaN && expected.isNaN),
                "\(bits)"
            )
        }
    }
    #endif

    @Test("Typed access converts what fits")
    func typedAccess() throws {
        let file = try GGUF(contentsOf: golden("metadata-v3.gguf"))
        #expect(try file.string("a.string") == "héllo\n😀")
        #expect(try file.integer("a.uint8") == 255)
        #expect(try file.integer("a.int64") == .min)
        #expect(try file.double("a.float32") == Double(Float(0.1)))
        #expect(try file.double("a.float64") == 0.1)
        #expect(try file.double("a.int16") == -32768)
        #expect(try file.double("a.uint64") == 18_446_744_073_709_551_616)
        #expect(try file.boolean("a.bool"))
        #expect(try file.strings("b.strings") == ["a", "", "ß"])
        #expect(try file.integers("b.integers") == [3, -4])
        #expect(try file.doubles("b.doubles") == [0.5, -2])
        #expect(try file.doubles("b.integers") == [3, -4])
        #expect(try file.stringIfPresent("c") == nil)
        #expect(try file.integerIfPresent("c") == nil)
        #expect(try file.doubleIfPresent("c") == nil)
        #expect(try file.booleanIfPresent("c") == nil)
        #expect(try file.stringsIfPresent("c") == nil)
        #expect(try file.integersIfPresent("c") == nil)
        #expect(try file.doublesIfPresent("c") == nil)
    }

    @Test("A wrong type is refused with key, expected and found")
    func wrongTypes() throws {
        let file = try GGUF(contentsOf: golden("metadata-v3.gguf"))
        let table: [(read: () throws -> Void, problem: String)] = [
            ({ _ = try file.string("c") }, "there is no metadata key \"c\""),
            (
                { _ = try file.string("a.int8") },
                "metadata key \"a.int8\" should be a string, found int8 -128"
            ),
            (
                { _ = try file.integer("a.uint64") },
                "\"a.uint64\" should be an integer, found uint64 18446744073709551615"
            ),
            (
                { _ = try file.integer("a.float32") },
                "\"a.float32\" should be an integer, found float32 0.1"
            ),
            ({ _ = try file.double("a.string") }, "should be a number, found a string"),
            ({ _ = try file.boolean("a.uint8") }, "should be a bool, found uint8 255"),
            (
                { _ = try file.strings("b.integers") },
                "should be an array of strings, found an array of 2, first int32 3"
            ),
            (
                { _ = try file.integers("b.doubles") },
                "should be an array of integers, found an array of 2, first float32 0.5"
            ),
            (
                { _ = try file.doublesIfPresent("b.nested") },
                "an array of numbers, found an array of 2, first an array of 2, first int32 1"
            ),
        ]
        for (read, problem) in table {
            #expect(try sentence { try read() }.hasSuffix(problem))
        }
    }
}
