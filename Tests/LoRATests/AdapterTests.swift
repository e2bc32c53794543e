import Foundation
import JSON
import Optimizers
import TensorFiles
import TestSupport
import Testing
import Torch

@testable import LanguageModels
@testable import LoRA

/// A tiny model with an adapter that PEFT saved.
struct GoldenAdapter: CustomTestStringConvertible, Sendable {
    let model: String
    let name: String

    var testDescription: String { "\(model)/\(name)" }

    static let all = GoldenModels.adapted.flatMap { model in
        ["adapter", "adapter-patterns", "adapter-all", "adapter-head"].map {
            GoldenAdapter(model: model, name: $0)
        }
    }

    var path: String { "Models/\(model)/\(name)" }

    /// The model, its adapters and their parameters, as PEFT saved them.
    ///
    /// `source` makes the weights that the model is built from of those in its folder.
    func load(
        _ precision: Precision = Precision(),
        source: (any WeightSource) -> any WeightSource = { $0 }
    ) throws -> (any CausalLanguageModel, LoRAAdapters, FlatParameters) {
        let folder = Golden.folder("Models/\(model)")
        let files = try ModelFiles(.folder(folder))
        let model = try files.build(precision, weights: source(files.weights)).model
        let layout = try LoRALayout(try PEFTFolder.settings(in: Golden.folder(path)), for: model)
        let parameters = FlatParameters(layout.parameters)
        try PEFTFolder.read(Golden.folder(path), into: parameters)
        let adapters = LoRAAdapters(layout, on: model, parameters: parameters.tensors)
        return (model, adapters, parameters)
    }

    /// Logits of the answer tokens at the last position of each sequence.
    func answerLogits(_ model: any CausalLanguageModel) throws -> Tensor {
        let golden = try Golden.json("\(path)/golden.json")
        let sequences = try golden.required("sequences").elements().map { try $0.integers() }
        let batch = PackedTokens(sequences)
        let answers = try golden.required("answer_tokens").integers()
        return model.logits(model.hiddenStates(batch, at: batch.wantedRows), of: answers)
    }

    func labels() throws -> Tensor {
        Tensor(try Golden.json("\(path)/golden.json").required("labels").integers())
    }

    func tensor(_ name: String) throws -> Tensor {
        try Golden.tensor(name, in: "\(path)/golden.safetensors")
    }
}

@Suite("Adapters compute what PEFT computes")
struct AdapterTests {
    @Test("Logits, loss and every gradient", arguments: GoldenAdapter.all)
    func gradients(_ golden: GoldenAdapter) throws {
        let (model, adapters, parameters) = try golden.load()
        defer { withExtendedLifetime(adapters) {} }
        let logits = try golden.answerLogits(model)
        #expect(try logits.largestDifference(to: golden.tensor("answer_logits")) < 5e-5)
        let loss = logits.logSoftmax(along: 1).negativeLogLikelihood(try golden.labels())
        #expect(try abs(loss.item - golden.tensor("loss").item) < 1e-5)
        loss.backward()
        for entry in parameters.entries {
            let gradient = FlatParameters.view(parameters.gradients, entry)
            let expected = try golden.tensor("grad." + entry.name)
            #expect(gradient.relativeDifference(to: expected) < 1e-4, "\(entry.name)")
        }
        #expect(!parameters.entries.isEmpty)
    }

    @Test(
        "Merged weights give the adapter's logits; unmerged ones are the base, bit for bit",
        arguments: GoldenAdapter.all
    )
    func merge(_ golden: GoldenAdapter) throws {
        let (model, adapters, _) = try golden.load()
        let attached = try golden.answerLogits(model)
        adapters.detach()
        let base = try golden.answerLogits(model)
        #expect(attached.largestDifference(to: base) > 1e-3)
        adapters.attach()
        guard !(adapters.layout.adaptsHead && model.head.isTied) else {
            // Embeddings would change with the head.
            let error = #expect(throws: LoRAError.self) { try adapters.merge() }
            #expect(error == .tiedBase(path: "lm_head"))
            #expect(try golden.answerLogits(model).isEqual(to: attached))
            return
        }
        try adapters.merge()
        #expect(try golden.answerLogits(model).largestDifference(to: attached) < 5e-5)
        adapters.unmerge()
        #expect(try golden.answerLogits(model).isEqual(to: attached))
        adapters.detach()
        #expect(try golden.answerLogits(model).isEqual(to: base))
    }

    @Test("What is written reads back bit for bit", arguments: GoldenAdapter.all)
    func roundTrip(_ golden: GoldenAdapter) throws {
        let (model, adapters, parameters) = try golden.load()
        try withTemporaryFolder { folder in
            try PEFTFolder.write(adapters.layout, parameters, baseModel: "base", to: folder)
            let layout = try LoRALayout(try PEFTFolder.settings(in: folder), for: model)
            #expect(layout == adapters.layout)
            let read = FlatParameters(layout.parameters)
            try PEFTFolder.read(folder, into: read)
            #expect(read.values.isEqual(to: parameters.values))
            #expect(!read.values.isEqual(to: .zeros(like: read.values)))
        }
    }

    @Test("A fresh adapter changes nothing, and its A has PEFT's range")
    func initialization() throws {
        let golden = GoldenAdapter.all[0]
        let (model, adapters, parameters) = try golden.load()
        adapters.detach()
        let base = try golden.answerLogits(model)
        adapters.initialize(from: Generator(seed: 1))
        adapters.attach()
        #expect(try golden.answerLogits(model).largestDifference(to: base) == 0)
        for module in adapters.layout.modules {
            let a = try #require(parameters.tensors[module.nameA]).doubles
            let bound = 1 / Double(module.input).squareRoot()
            #expect(a.allSatisfy { abs($0) <= bound })
            // A uniform number in ±bound has the mean square bound² / 3.
            let mean = a.reduce(0) { $0 + $1 * $1 } / Double(a.count)
            #expect(abs(mean / (bound * bound / 3) - 1) < 0.3)
        }
    }

    @Test("Dropout keeps the expected output and stops with its scope")
    func dropout() throws {
        let golden = GoldenAdapter.all[0]
        let (model, _, parameters) = try golden.load()
        var settings = LoRASettings()
        settings.rank = 4
        settings.alpha = 8
        settings.dropout = 0.4
        let layout = try LoRALayout(settings, for: model)
        let adapters = LoRAAdapters(layout, on: model, parameters: parameters.tensors)
        let plain = try golden.answerLogits(model)
        func dropped(_ seed: UInt64) throws -> Tensor {
            try adapters.withDropout(seed: seed) { try golden.answerLogits(model) }
        }
        #expect(try dropped(7).isEqual(to: try dropped(7)))
        #expect(try !dropped(7).isEqual(to: try dropped(100)))
        #expect(try golden.answerLogits(model).isEqual(to: plain))
        // The mean of one layer's output over many masks is its output without dropout.
        let path = try #require(layout.modules.first?.path)
        let linear = try #require(model.linears[path])
        let x = Generator(seed: 8).normal([1, linear.shape.input])
        let expected = try #require(linear.adapter).delta(x)
        var total = Tensor.zeros(expected.shape)
        withoutGradients {
            for seed in 0..<4000 {
                adapters.withDropout(seed: UInt64(seed)) {
                    total = total + (linear.adapter?.delta(x) ?? x)
                }
            }
        }
        #expect((total * (1.0 / 4000)).relativeDifference(to: expected) < 0.05)
    }
}

@Suite("A model has room for one set of adapters")
struct AdapterSlotTests {
    private func adapters(
        _ targets: [String],
        on model: any CausalLanguageModel
    ) throws -> LoRAAdapters {
        var settings = LoRASettings()
        settings.targetModules = targets
        let layout = try LoRALayout(settings, for: model)
        let parameters = FlatParameters(layout.parameters)
        parameters.values.copyInPlace(Generator(seed: 3).normal([parameters.count]))
        return LoRAAdapters(layout, on: model, parameters: parameters.tensors)
    }

    @Test("A second set takes the place of the first, in the layers that it does not adapt, too")
    func replaced() throws {
        let golden = GoldenAdapter.all[0]
        let (model, first, _) = try golden.load()
        first.detach()
        let base = try golden.answerLogits(model)
        let alone = try adapters(["q_proj"], on: model)
        let expected = try golden.answerLogits(model)
        #expect(!expected.isEqual(to: base))
        let wide = try adapters(["q_proj", "v_proj"], on: model)
        #expect(!alone.isAttached && wide.isAttached)
        let narrow = try adapters(["q_proj"], on: model)
        #expect(!wide.isAttached && narrow.isAttached)
        #expect(try golden.answerLogits(model).isEqual(to: expected))
        // Taking out a set that is not there leaves the one that is.
        wide.detach()
        #expect(narrow.isAttached)
        #expect(try golden.answerLogits(model).isEqual(to: expected))
    }

    @Test("Adapters that nobody holds leave the untouched model")
    func released() throws {
        let golden = GoldenAdapter.all[0]
        let (model, first, _) = try golden.load()
        first.detach()
        let base = try golden.answerLogits(model)
        do {
            let adapters = try adapters(["q_proj", "v_proj"], on: model)
            #expect(try !golden.answerLogits(model).isEqual(to: base))
            withExtendedLifetime(adapters) {}
        }
        #expect(try golden.answerLogits(model).isEqual(to: base))
    }
}

@Suite("Faulty adapters are refused in one sentence")
struct FaultyAdapterTests {
    @Test(
        "Settings that change the maths",
        arguments: [
            (#""use_dora": true"#, "use_dora is true"),
            (#""bias": "all""#, "bias is \"all\""),
            (#""peft_type": "IA3""#, "peft_type is \"IA3\""),
            (#""modules_to_save": ["lm_head"]"#, "modules_to_save is a list of 1"),
            (#""init_lora_weights": "pissa""#, "init_lora_weights is \"pissa\""),
            (#""target_modules": ".*_proj""#, "target_modules: \".*_proj\" is not supported"),
            (#""rank_pattern": {"^q": 4}"#, "\"^q\" is not supported"),
            (#""r": 0"#, "rank: expected an integer from 1 to 65536, found 0"),
            (#""lora_alpha": "x""#, "lora_alpha: expected a number"),
            (#""lora_dropout": 1"#, "dropout: expected a number from 0 up to but not 1"),
        ]
    )
    func settings(_ change: String, _ sentence: String) throws {
        try withTemporaryFolder { folder in
            let usual = [#""r": 8"#, #""lora_alpha": 16"#, #""target_modules": ["q_proj"]"#]
            let key = change.prefix { $0 != ":" }
            let others = usual.filter { !$0.hasPrefix(key) }
            let text = "{" + (others + [change]).joined(separator: ", ") + "}"
            try Data(text.utf8).write(to: folder.appendingPathComponent("adapter_config.json"))
            let error = #expect(throws: (any Error).self) { try PEFTFolder.settings(in: folder) }
            let found = "\(error.map { "\($0)" } ?? "none")"
            #expect(found.contains(sentence), "\(found)")
        }
    }

    @Test("A pattern of many layers takes no longer than its text", .timeLimit(.minutes(1)))
    func longPattern() throws {
        try withTemporaryFolder { folder in
            let ranks = (0..<20_000).map { "\"layers.\($0).q_proj\": 2" }.joined(separator: ",")
            let text = """
                {"r": 8, "lora_alpha": 16, "target_modules": ["q_proj"], "rank_pattern": {\(ranks)}}
                """
            try Data(text.utf8).write(to: folder.appendingPathComponent("adapter_config.json"))
            #expect(try PEFTFolder.settings(in: folder).rankPattern.count == 20_000)
        }
    }

    @Test("Targets and patterns that do not fit the model")
    func targets() throws {
        let (model, _, _) = try GoldenAdapter.all[0].load()
        func message(_ change: (inout LoRASettings) -> Void) -> String {
            var settings = LoRASettings()
            change(&settings)
            let error = #expect(throws: LoRAError.self) { try LoRALayout(settings, for: model) }
            return error?.description ?? ""
        }
        #expect(message { $0.targetModules = ["w1"] }.contains("no linear layer \"w1\""))
        #expect(
            message { $0.rankPattern = ["q_proj": 2, "self_attn.q_proj": 3] }
                .contains("one key for model.layers.0.self_attn.q_proj")
        )
    }
}
