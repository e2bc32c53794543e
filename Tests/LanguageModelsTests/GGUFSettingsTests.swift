import Foundation
import TensorFiles
import TestSupport
import Testing

@testable import LanguageModels

@Suite("GGUF files with other metadata")
struct GGUFSettingsTests {
    /// A value as GGUF stores it, with the number of its type.
    enum Value {
        case uint32(UInt32)
        case float32(Float)
        case string(String)

        var bytes: Data {
            switch self {
            case .uint32(let value): little(UInt32(4)) + little(value)
            case .float32(let value): little(UInt32(6)) + little(value.bitPattern)
            case .string(let text): little(UInt32(8)) + little(UInt64(text.utf8.count)) + text.utf8
            }
        }
    }

    /// The tiny Llama with more keys.
    private func configuration(_ keys: [String: Value]) throws -> LlamaConfiguration? {
        try configuration(keys, of: "gguf") as? LlamaConfiguration
    }

    /// A tiny model with more keys; tensors stay where they lie behind the header.
    private func configuration(
        _ keys: [String: Value],
        of model: String
    ) throws -> any ModelConfiguration {
        let file = Golden.folder("Models/\(model)/tiny.gguf")
        var data = try Data(contentsOf: file)
        func pair(_ key: String, _ value: Value) -> Data {
            little(UInt64(key.utf8.count)) + key.utf8 + value.bytes
        }
        var added = keys.reduce(Data()) { $0 + pair($1.key, $1.value) }
        let rest = (added.count + pair("fill", .string("")).count) % 32
        added += pair("fill", .string(String(repeating: "x", count: (32 - rest) % 32)))
        let count = data[16..<24].withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        data.replaceSubrange(16..<24, with: little(count + UInt64(keys.count) + 1))
        data.insert(contentsOf: added, at: 24)
        return try withTemporaryFolder { folder in
            let copy = folder.appendingPathComponent("tiny.gguf")
            try data.write(to: copy)
            return try ModelFiles(.gguf(copy)).configuration
        }
    }

    @Test(
        "Rotary scaling is what llama.cpp takes it for",
        arguments: [
            ([:], RotaryScaling.none),
            (["rope.scaling.type": .string("none")], .none),
            (["rope.scaling.type": .string("none"), "rope.scaling.factor": .float32(4)], .none),
            (
                ["rope.scaling.type": .string("linear"), "rope.scaling.factor": .float32(4)],
                .linear(factor: 4)
            ),
            (["rope.scaling.factor": .float32(4)], .linear(factor: 4)),
            (["rope.scale_linear": .float32(2)], .linear(factor: 2)),
            (["rope.scale_linear": .float32(1)], .none),
        ] as [([String: Value], RotaryScaling)]
    )
    func scaling(keys: [String: Value], expected: RotaryScaling) throws {
        let keys = Dictionary(uniqueKeysWithValues: keys.map { ("llama." + $0, $1) })
        #expect(try configuration(keys)?.rotary.scaling == expected)
    }

    @Test("Gemma 3's blocks with a window have a base of their own and no scaling, as in llama.cpp")
    func gemma3() throws {
        let scaling = [
            "gemma3.rope.scaling.type": Value.string("linear"),
            "gemma3.rope.scaling.factor": .float32(8),
        ]
        let usual = try #require(
            try configuration(scaling, of: "gguf-gemma3") as? Gemma3Configuration
        )
        #expect(usual.rotary.scaling == .linear(factor: 8))
        #expect(usual.slidingRotary.scaling == .none && usual.slidingRotary.theta == 10_000)
        let own = ["gemma3.rope.freq_base_swa": Value.float32(123)]
        let other = try #require(try configuration(own, of: "gguf-gemma3") as? Gemma3Configuration)
        #expect(other.slidingRotary.theta == 123 && other.rotary.theta == usual.rotary.theta)
    }

    @Test("An OLMo 2 with a window is an OLMo 3: three of four blocks see it, without scaling")
    func olmo3() throws {
        let whole = try #require(try configuration([:], of: "gguf-olmo2") as? Olmo2Configuration)
        #expect(whole.windows.allSatisfy { $0 == nil })
        let keys: [String: Value] = [
            "olmo2.attention.sliding_window": .uint32(4),
            "olmo2.rope.scaling.type": .string("linear"),
            "olmo2.rope.scaling.factor": .float32(8),
        ]
        let third = try #require(try configuration(keys, of: "gguf-olmo2") as? Olmo2Configuration)
        #expect(third.windows == whole.windows.indices.map { $0 % 4 == 3 ? nil : 4 })
        #expect(third.rotary.scaling == .linear(factor: 8) && third.slidingRotary.scaling == .none)
        #expect(third.slidingRotary.theta == third.rotary.theta)
    }

    @Test(
        "What would give other numbers, or is no whole model, is refused by its key",
        arguments: [
            ("llama.rope.scaling.type", .string("longrope"), "llama.rope.scaling.type is longrope"),
            ("llama.rope.scaling.type", .string("yarn"), "key \"llama.rope.scaling.factor\""),
            ("llama.rope.scaling.type", .string("linear"), "key \"llama.rope.scaling.factor\""),
            (
                "llama.attention.key_length", .uint32(32),
                "rope.dimension_count should be the head size, 32, found 16"
            ),
            ("split.count", .uint32(3), "split.count is 3"),
            ("general.type", .string("adapter"), "general.type is adapter"),
        ] as [(String, Value, String)]
    )
    func refusals(key: String, value: Value, sentence: String) throws {
        let error = #expect(throws: (any Error).self) { _ = try configuration([key: value]) }
        #expect("\(String(describing: error))".contains(sentence))
    }
}

extension GGUFSettingsTests {
    /// The rotary settings with YaRN from 16 tokens by a factor of 4, and more keys.
    private func yarn(_ more: [String: Value]) throws -> RotarySettings? {
        let keys: [String: Value] = [
            "type": .string("yarn"), "factor": .float32(4), "original_context_length": .uint32(16),
        ]
        let all = keys.merging(more) { $1 }.map { ("llama.rope.scaling." + $0, $1) }
        return try configuration(Dictionary(uniqueKeysWithValues: all))?.rotary
    }

    @Test("Blocks that guess ahead are fewer than all", arguments: [UInt32(5), .max])
    func blocksAhead(_ count: UInt32) throws {
        var data = try Data(contentsOf: Golden.folder("Models/gguf-qwen3_5/tiny.gguf"))
        let key = try #require(data.range(of: Data("qwen35.nextn_predict_layers".utf8)))
        data.replaceSubrange(key.upperBound + 4..<key.upperBound + 8, with: little(count))
        try withTemporaryFolder { folder in
            let copy = folder.appendingPathComponent("tiny.gguf")
            try data.write(to: copy)
            let error = #expect(throws: ModelError.self) { try ModelFiles(.gguf(copy)) }
            let sentence = "nextn_predict_layers should be less than the 5 blocks, found \(count)"
            #expect(error?.description.hasSuffix(sentence) == true, "\(error.debugDescription)")
        }
    }

    @Test("YaRN's magnitude is that of the paper, or with a multiplier the share of its growth")
    func magnitude() throws {
        let growth = 0.1 * log(4.0)
        let whole = try #require(try yarn([:]))
        #expect(abs(whole.magnitude - (growth + 1)) < 1e-12)
        // Pairs of 16 elements with base 10,000 that turn 32 times and once within 16 tokens.
        #expect(whole.scaling == .yarn(factor: 4, first: 0, last: 1))
        let part = try #require(try yarn(["yarn_log_multiplier": .float32(0.5)]))
        #expect(abs(part.magnitude - (growth + 1) / (0.5 * growth + 1)) < 1e-12)
        let none = try #require(try yarn(["yarn_log_multiplier": .float32(0)]))
        #expect(none.magnitude == whole.magnitude)
    }

    @Test(
        "Factors of YaRN that converters do not agree about are refused by their key",
        arguments: ["yarn_attn_factor", "yarn_ext_factor", "attn_factor"]
    )
    func factors(_ key: String) throws {
        #expect(try yarn([key: .float32(1)]) == yarn([:]))
        let error = #expect(throws: (any Error).self) { _ = try yarn([key: .float32(1.5)]) }
        let sentence = "llama.rope.scaling.\(key) should be none, or 1, with YaRN, found 1.5"
        #expect("\(String(describing: error))".contains(sentence))
    }
}

/// The little-endian bytes of an integer.
private func little(_ value: some FixedWidthInteger) -> Data {
    withUnsafeBytes(of: value.littleEndian) { Data($0) }
}
