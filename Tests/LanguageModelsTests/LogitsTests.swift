import Foundation
import JSON
import TensorFiles
import TestSupport
import Testing
import Torch

@testable import LanguageModels

@Suite("Logits of tiny models equal those of Transformers")
struct LogitsTests {
    @Test("Every position of a sequence alone", arguments: GoldenModel.all)
    func alone(_ golden: GoldenModel) throws {
        let model = try golden.load()
        for (index, tokens) in try golden.sequences().enumerated() {
            let batch = PackedTokens([tokens], prefixLength: 0)
            let logits = model.logits(model.hiddenStates(batch, at: .all), of: nil)
            #expect(try logits.largestDifference(to: golden.logits(index)) < 1e-4)
        }
    }

    @Test("Every position behind a shared prefix", arguments: GoldenModel.all, [0, 1, 4])
    func packed(_ golden: GoldenModel, prefix: Int) throws {
        let model = try golden.load()
        let sequences = try golden.sequences()
        let batch = PackedTokens(sequences, prefixLength: prefix)
        let logits = model.logits(model.hiddenStates(batch, at: .all), of: nil)
        var start = prefix
        for (index, tokens) in sequences.enumerated() {
            let expected = try golden.logits(index)
            let own = tokens.count - prefix
            let rows = logits.narrowed(0, start: start, length: own)
            let last = expected.narrowed(0, start: prefix, length: own)
            #expect(rows.largestDifference(to: last) < 1e-4)
            if prefix > 0 {
                let shared = logits.narrowed(0, start: 0, length: prefix)
                let first = expected.narrowed(0, start: 0, length: prefix)
                #expect(shared.largestDifference(to: first) < 1e-4)
            }
            start += own
        }
    }

    @Test("Some tokens at the last positions only", arguments: GoldenModel.all, [0, 4])
    func lastPositions(_ golden: GoldenModel, prefix: Int) throws {
        let model = try golden.load()
        let sequences = try golden.sequences()
        let batch = PackedTokens(sequences, prefixLength: prefix)
        let answers = [5, 17, 9]
        let logits = model.logits(model.hiddenStates(batch, at: batch.wantedRows), of: answers)
        #expect(logits.shape == [3, 3])
        for (index, tokens) in sequences.enumerated() {
            let expected = try golden.logits(index)
                .narrowed(0, start: tokens.count - 1, length: 1)
                .selecting(Tensor(answers), along: 1)
            let row = logits.narrowed(0, start: index, length: 1)
            #expect(row.largestDifference(to: expected) < 1e-4)
        }
    }

    /// For docs/models.md: `swift test --filter LogitsTests.table`.
    @Test("A line for each family, with the largest difference of its logits")
    func table() throws {
        var worst: [String: (models: Int, difference: Double)] = [:]
        for golden in GoldenModel.all {
            let config = golden.folder.appendingPathComponent("config.json")
            let root = try ModelFamily.languageModel(JSONNode(contentsOf: config))
            let family = try ModelFamily.modelType(root)
            let model = try golden.load()
            for (index, tokens) in try golden.sequences().enumerated() {
                let batch = PackedTokens([tokens], prefixLength: 0)
                let logits = model.logits(model.hiddenStates(batch, at: .all), of: nil)
                let difference = try logits.largestDifference(to: golden.logits(index))
                let known = worst[family] ?? (0, 0)
                worst[family] = (
                    known.models + (index == 0 ? 1 : 0), max(known.difference, difference)
                )
            }
        }
        let known = Set(ModelFamily.all.flatMap { $0.modelTypes })
        #expect(Set(worst.keys) == known, "a family without a golden model")
        for (family, row) in worst.sorted(by: { $0.key < $1.key }) {
            let difference = String(format: "%.1e", row.difference)
            print("\(family): \(row.models) models, largest difference \(difference)")
        }
    }

    @Test("Both spellings of a configuration mean the same", arguments: GoldenModel.all)
    func spellings(_ golden: GoldenModel) throws {
        func settings(_ file: String) throws -> any ModelConfiguration {
            let url = golden.folder.appendingPathComponent(file)
            return try ModelFamily.configuration(JSONNode(contentsOf: url))
        }
        func equal<One: ModelConfiguration>(_ one: One, _ other: any ModelConfiguration) -> Bool {
            one == other as? One
        }
        let new = golden.folder.appendingPathComponent("config.transformers5.json")
        guard FileManager.default.fileExists(atPath: new.path) else { return }
        #expect(equal(try settings("config.json"), try settings(new.lastPathComponent)))
    }

    @Test("A GGUF file, the rows of query and key in order", arguments: GoldenModels.ggufs)
    func gguf(_ name: String) throws {
        let file = Golden.folder("Models/\(name)/tiny.gguf")
        let model = try ModelFiles(.gguf(file)).build().model
        let golden = try Golden.json("Models/\(name)/golden.json")
        for (index, node) in try golden.required("sequences").elements().enumerated() {
            let batch = PackedTokens([try node.integers()], prefixLength: 0)
            let logits = model.logits(model.hiddenStates(batch, at: .all), of: nil)
            let expected = try Golden.tensor(
                "logits.\(index)",
                in: "Models/\(name)/golden.safetensors"
            )
            #expect(logits.largestDifference(to: expected) < 1e-4)
        }
        let tokenizer = try ModelLocation(file.path).loadTokenizer()
        for text in try golden.required("texts").elements() {
            let ids = try text.required("ids").integers()
            #expect(try tokenizer.encode(text.required("text").string()) == ids)
        }
    }
}
