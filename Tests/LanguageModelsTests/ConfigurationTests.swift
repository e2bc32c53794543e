import Foundation
import JSON
import TensorFiles
import TestSupport
import Testing
import Torch

@testable import LanguageModels

@Suite("Changed checkpoints give Transformers' numbers, or a sentence that says what is wrong")
struct ConfigurationTests {
    static let golden = Result { try Golden.json("Configurations/variants.json") }

    static let names: [String] = {
        let nodes = try? golden.get().required("variants").elements()
        return (nodes ?? []).compactMap { try? $0.required("name").string() }
    }()

    @Test("Variants", arguments: names)
    func variant(_ name: String) throws {
        let variant = try Self.variant(called: name)
        let outcome = try withTemporaryFolder { folder in
            try ChangedCheckpoint(variant).write(to: folder)
            return Result { try Self.logits(of: folder) }
        }
        switch (outcome, Self.refused[name]) {
        case (.success(let logits), nil):
            let same = try variant.member("as")?.string() ?? Self.readAs[name] ?? name
            let expected = try Self.expectedLogits(of: same)
            #expect(largestDifference(logits, expected) < 1e-4)
        case (.success, .some): Issue.record("it was computed, expected a refusal")
        case (.failure(let error), let sentence):
            let text = "\(error)"
            #expect(sentence.map { text.contains($0) } == true, "\(text)")
        }
    }

    @Test("There are variants of every kind")
    func count() { #expect(Self.names.count > 250) }

    private static func variant(called name: String) throws -> JSONNode {
        let nodes = try golden.get().required("variants").elements()
        return try #require(try nodes.first { try $0.required("name").string() == name })
    }

    private static func expectedLogits(of name: String) throws -> [[Double]] {
        let variant = try variant(called: name)
        if let other = try variant.member("as")?.string() { return try expectedLogits(of: other) }
        return try variant.required("logits").elements().map { try $0.numbers() }
    }

    /// Logits behind the last token of each sequence.
    private static func logits(of folder: URL) throws -> [[Double]] {
        let model = try ModelFiles(.folder(folder)).build().model
        return try golden.get().required("sequences").elements().map { sequence in
            let tokens = try sequence.integers()
            let maximum = model.sizes.maximumLength
            guard tokens.count <= maximum else { throw TooLong(maximum: maximum) }
            let batch = PackedTokens([tokens])
            return model.logits(model.hiddenStates(batch, at: batch.wantedRows), of: nil).doubles
        }
    }

    /// What those who run a model refuse.
    private struct TooLong: Error {
        let maximum: Int
    }
}

/// A tiny checkpoint with changes, as `make_configurations.py` describes them.
private struct ChangedCheckpoint {
    private let variant: JSONNode
    private var whole: [TensorToWrite]
    private var others: [String: [TensorToWrite]] = [:]

    init(_ variant: JSONNode) throws {
        self.variant = variant
        let base = Golden.folder("Models/\(try variant.required("base").string())")
        let file = try ShardedCheckpoint(contentsOf: base)
        whole = try file.entries.map { name, entry in
            TensorToWrite(
                name: name,
                elementType: entry.elementType,
                shape: entry.shape,
                bytes: try file.bytes(of: name).withBytes { Data($0) }
            )
        }
        for operation in try variant.member("tensors")?.elements() ?? [] { try apply(operation) }
    }

    private mutating func apply(_ operation: JSONNode) throws {
        func text(_ key: String) throws -> String? { try operation.member(key)?.string() }
        if let old = try text("rename"), let new = try text("to") {
            for i in whole.indices where whole[i].name.hasPrefix(old) {
                whole[i].name = new + whole[i].name.dropFirst(old.count)
            }
        } else if let old = try text("copy"), let new = try text("to") {
            let factor = Float(try operation.required("factor").number())
            let tensor = try #require(whole.first { $0.name == old && $0.elementType == .float32 })
            let floats = tensor.bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
            whole.removeAll { $0.name == new }
            whole.append(
                TensorToWrite(name: new, shape: tensor.shape, floats: floats.map { $0 * factor })
            )
        } else if let old = try text("remove") {
            whole.removeAll { $0.name.hasPrefix(old) }
        } else if let new = try text("add") {
            let type = try #require(ElementType(rawValue: text("dtype") ?? ""))
            let shape = try operation.required("shape").integers()
            let bytes = Data(count: shape.reduce(type.byteCount, *))
            whole.removeAll { $0.name == new }
            whole.append(
                TensorToWrite(name: new, elementType: type, shape: shape, bytes: bytes)
            )
        } else if let old = try text("cast") {
            for i in whole.indices where whole[i].name.hasPrefix(old) {
                let floats = whole[i].bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
                whole[i].bytes = floats.map(Double.init).withUnsafeBytes { Data($0) }
                whole[i].elementType = .float64
            }
        } else if let old = try text("move"), let file = try text("file") {
            others[file, default: []] += whole.filter { $0.name.hasPrefix(old) }
            whole.removeAll { $0.name.hasPrefix(old) }
        }
    }

    func write(to folder: URL) throws {
        for (file, tensors) in others.merging(["model.safetensors": whole], uniquingKeysWith: +)
        where !tensors.isEmpty {
            try Safetensors.write(tensors, to: folder.appendingPathComponent(file))
        }
        let texts = ["config.json": "config", "model.safetensors.index.json": "index"]
        for (file, key) in texts {
            guard let text = try variant.member(key)?.string() else { continue }
            try Data(text.utf8).write(to: folder.appendingPathComponent(file))
        }
    }
}
