import Optimizers
import TestSupport
import Testing
import Torch

@testable import LanguageModels
@testable import LoRA

/// The weights of a checkpoint with those of its linear layers rounded to 8 bits.
private struct RoundedWeights: WeightSource {
    let source: any WeightSource
    var keptAs = DType.float32

    var file: String { source.file }
    var tensors: [String: StoredTensor] { source.tensors }

    func load(_ name: String, _ shape: [Int], as type: DType?) throws -> Tensor {
        let weight = try source.load(name, shape, as: type)
        guard name.contains("_proj"), name.hasSuffix(".weight") else { return weight }
        let rows = QuantizedRows(zeros: weight.shape)
        rows.assign(weight)
        return rows.dequantized().to(keptAs).to(.float32)
    }

    func sample(_ name: String) throws -> [UInt8] { try source.sample(name) }
}

@Suite("Adapters on a base in 8 bits")
struct QuantizedBaseTests {
    /// Logits of the answers, and the gradient of all parameters as one vector.
    private func results(
        _ golden: GoldenAdapter,
        _ loaded: (any CausalLanguageModel, LoRAAdapters, FlatParameters)
    ) throws -> (logits: Tensor, gradients: Tensor) {
        let (model, _, parameters) = loaded
        let logits = try golden.answerLogits(model)
        logits.logSoftmax(along: 1).negativeLogLikelihood(try golden.labels()).backward()
        return (logits, parameters.gradients)
    }

    @Test(
        "Logits and gradients are those of the same model with de-quantised float32 weights",
        arguments: GoldenAdapter.all
    )
    func dequantized(_ golden: GoldenAdapter) throws {
        let found = try results(golden, golden.load(Precision(.int8)))
        let expected = try results(golden, golden.load { RoundedWeights(source: $0) })
        // The scales multiply outputs there and weights here, so the last digits differ.
        #expect(found.logits.relativeDifference(to: expected.logits) < 2e-5)
        #expect(found.gradients.relativeDifference(to: expected.gradients) < 2e-5)
        // The rounding itself is far larger than that.
        let exact = try results(golden, golden.load())
        #expect(found.logits.relativeDifference(to: exact.logits) > 1e-4)
    }

    @Test("Rounded values are kept in 16 bits, to the bit", arguments: GoldenAdapter.all)
    func wide(_ golden: GoldenAdapter) throws {
        let found = try results(golden, golden.load(Precision(.int8Wide)))
        let expected = try results(
            golden,
            golden.load { RoundedWeights(source: $0, keptAs: .bfloat16) }
        )
        #expect(found.logits.isEqual(to: expected.logits))
        #expect(found.gradients.isEqual(to: expected.gradients))
    }

    @Test("Rounding the inputs too changes logits a little", arguments: GoldenAdapter.all)
    func dynamic(_ golden: GoldenAdapter) throws {
        let found = try results(golden, golden.load(Precision(.int8Dynamic)))
        let expected = try results(golden, golden.load(Precision(.int8)))
        let difference = found.logits.relativeDifference(to: expected.logits)
        #expect((1e-5...0.1).contains(difference))
    }

    @Test("Adapters are not merged into 8 bits, where they would be rounded away")
    func merge() throws {
        let (model, adapters, _) = try GoldenAdapter.all[0].load(Precision(.int8))
        let before = try GoldenAdapter.all[0].answerLogits(model)
        let error = #expect(throws: LoRAError.self) { try adapters.merge() }
        #expect(
            error?.description == "model.layers.0.self_attn.q_proj: adapters are merged into"
                + " weights of base precision float32, found int8"
        )
        #expect(try GoldenAdapter.all[0].answerLogits(model).isEqual(to: before))
    }
}
