import TensorFiles
import TestSupport
import Testing
import Torch

@testable import LanguageModels

@Suite("Sizes of models, from the headers of their files")
struct ModelSizeTests {
    @Test(
        "Bytes are those of the loaded weights",
        arguments: GoldenModel.all,
        WeightFormat.allCases.map { Precision($0) } + [Precision(compute: .bfloat16)]
    )
    func bytes(_ golden: GoldenModel, _ precision: Precision) throws {
        let size = try ModelSize(ModelFiles(.folder(golden.folder)), precision: precision)
        let model = try golden.load()
        let linears = model.linears.values.map(\.weight.shape)
        let count = linears.reduce(0) { $0 + $1[0] * $1[1] }
        let rows = linears.reduce(0) { $0 + $1[0] }
        let bytes =
            switch precision.weights {
            case .float32: 4 * count
            case .bfloat16, .int8Wide: 2 * count
            case .int8, .int8Dynamic: count + 4 * rows
            }
        #expect(size.linearBytes == bytes)
        let entries = try ShardedCheckpoint(contentsOf: golden.folder).entries.filter {
            let name = $0.key
            let others = ["vision_tower.", "multi_modal_projector.", "model.visual.", "mtp."]
            return !others.contains(where: name.hasPrefix)
        }
        let all = entries.values.reduce(0) { $0 + $1.shape.reduce(1, *) }
        let tables =
            size.sizes.vocabularySize * size.sizes.hiddenSize
            * (size.sizes.tiesEmbeddings ? 1 : 2)
        let is16Bits = entries["model.embed_tokens.weight"]?.elementType.byteCount == 2
        let isShort = precision.compute == .bfloat16 || precision.weights != .float32 && is16Bits
        let saved = isShort ? 2 * tables : 0
        #expect(size.otherBytes == 4 * (all - count) - saved)
    }

    @Test("Layers are counted by name", arguments: GoldenModel.all)
    func layers(_ golden: GoldenModel) throws {
        let found = ModelSummary(try ModelFiles(.folder(golden.folder))).linearLayers
        let names = try golden.load().adaptable.keys.compactMap { path in
            path.split(separator: ".").last.map { (String($0), 1) }
        }
        #expect(found == Dictionary(names, uniquingKeysWith: +))
    }

    @Test("A sample has the layers of the model, in its precision")
    func sample() throws {
        let golden = GoldenModel.all[0]
        let files = try ModelFiles(.folder(golden.folder))
        let sample = try files.sample(blocks: 1, vocabularySize: 8, precision: Precision(.int8))
        let model = try golden.load()
        #expect(sample.linears.count * files.sizes.layerCount == model.linears.count)
        for (path, linear) in sample.linears {
            #expect(linear.weight.shape == model.linears[path]?.weight.shape)
        }
        let batch = PackedTokens([[1, 2, 3]], prefixLength: 0)
        let hidden = sample.hiddenStates(batch, at: batch.wantedRows)
        #expect(sample.logits(hidden, of: [4, 5]).isFinite)
    }
}
