import TestSupport
import Testing

@testable import LanguageModels
@testable import LoRA
@testable import Torch

/// The distance of neighbours in bfloat16, which has 8 bits of precision: 2^-8 of a number.
private let epsilon = 1.0 / 256

extension Tensor {
    fileprivate var norm: Double { (self * self).sum().item.squareRoot() }
}

@Suite("Models in bfloat16")
struct PrecisionTests {
    @Test("A processor without products in bfloat16 is warned of, where they are asked for")
    func slowProducts() {
        let precision = Precision(compute: .bfloat16)
        #expect(precision.warnings(on: .cpu, hasProducts: false).count == 1)
        for known in [true, nil] {
            #expect(precision.warnings(on: .cpu, hasProducts: known).isEmpty)
        }
        #expect(Precision(.bfloat16).warnings(on: .cpu, hasProducts: false).isEmpty)
        let old = precision.warnings(on: Device(trusted: "cuda"), hasProducts: false)
        #expect(old.first?.contains("this card") == true)
    }

    @Test("Where nobody says, cards that multiply bfloat16 compute in it, and nothing else does")
    func usualTypes() {
        for hasProducts in [true, false, nil] {
            #expect(ComputeType.usual(on: .cpu, hasProducts: hasProducts) == .float32)
            let card = ComputeType.usual(on: Device(trusted: "cuda"), hasProducts: hasProducts)
            #expect(card == (hasProducts == true ? .bfloat16 : .float32))
        }
    }

    private func results(
        _ golden: GoldenAdapter,
        _ precision: Precision
    ) throws -> (logits: Tensor, gradients: Tensor) {
        let (model, adapters, parameters) = try golden.load(precision)
        return try withExtendedLifetime(adapters) {
            let logits = try golden.answerLogits(model)
            #expect(logits.dtype == .float32)
            logits.logSoftmax(along: 1).negativeLogLikelihood(try golden.labels()).backward()
            return (logits, parameters.gradients)
        }
    }

    // The large weights of these models amplify roundings: of PyTorch's own bfloat16, the logits
    // are off by 3 to 18 epsilon and the gradients' cosines are 0.985 to 0.9998.
    @Test(
        "Logits and gradients are close to those in float32",
        arguments: GoldenAdapter.all,
        [(WeightFormat.float32, 32.0, 0.99), (.bfloat16, 32, 0.99), (.int8, 40, 0.96)]
    )
    func compute(
        _ golden: GoldenAdapter,
        _ bound: (weights: WeightFormat, epsilons: Double, cosine: Double)
    ) throws {
        let exact = try results(golden, Precision(bound.weights))
        let found = try results(golden, Precision(bound.weights, compute: .bfloat16))
        let difference = found.logits.relativeDifference(to: exact.logits) / epsilon
        #expect((0.1..<bound.epsilons).contains(difference))
        let product = (found.gradients * exact.gradients).sum().item
        #expect(product >= bound.cosine * found.gradients.norm * exact.gradients.norm)
    }

    @Test("Weights in bfloat16 alone are exact for a checkpoint that is stored so")
    func weights() throws {
        let golden = GoldenAdapter(model: "qwen2", name: "adapter-all")
        let exact = try results(golden, Precision())
        let found = try results(golden, Precision(.bfloat16))
        #expect(found.logits.relativeDifference(to: exact.logits) < 1e-6)
        #expect(found.gradients.relativeDifference(to: exact.gradients) < 1e-6)
        let (_, adapters, _) = try golden.load(Precision(.bfloat16))
        let error = #expect(throws: LoRAError.self) { try adapters.merge() }
        #expect(error?.description.hasSuffix("float32, found bfloat16") == true)
    }
}
