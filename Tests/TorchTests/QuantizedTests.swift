import TestSupport
import Testing

@testable import Torch

@Suite("Weights in 8 bits")
struct QuantizedTests {
    private static let file = "Quantized/linear.safetensors"

    private func golden(_ name: String) throws -> Tensor {
        try Golden.tensor(name, in: Self.file)
    }

    private func quantized(_ weight: Tensor) -> QuantizedRows {
        let result = QuantizedRows(zeros: weight.shape)
        result.assign(weight)
        return result
    }

    @Test("Rounding and product with its gradient are those of the reference")
    func reference() throws {
        let weight = quantized(try golden("weight"))
        #expect(weight.dequantized().isEqual(to: try golden("rounded")))
        for (roundsInput, expected) in [(false, "product"), (true, "dynamic_product")] {
            let x = try golden("x")
            let gradient = Tensor.zeros(x.shape)
            x.collectGradient(in: gradient)
            let y = weight.product(x, bias: try golden("bias"), roundsInput: roundsInput)
            #expect(y.relativeDifference(to: try golden(expected)) < 1e-5, "\(expected)")
            (y * (try golden("upstream"))).sum().backward()
            #expect(gradient.relativeDifference(to: try golden("x_gradient")) < 1e-5)
        }
    }

    @Test("A weight of many blocks, assigned in parts, computes as its float32 values")
    func blocks() {
        let (tokens, input, output) = (3, 1000, 5001)
        let values = Generator(seed: 1).normal([output, input])
        let weight = QuantizedRows(zeros: [output, input])
        for (start, length) in [(0, 17), (17, 4000), (4017, 984)] {
            weight.rows(start: start, length: length)
                .assign(values.narrowed(0, start: start, length: length))
        }
        let rounded = weight.dequantized()
        // Half a step of at most 5 standard deviations / 127, evenly spread: 1 / sqrt 12 of a step.
        let difference = rounded.relativeDifference(to: values)
        #expect((0.003...0.012).contains(difference))
        let upstream = Generator(seed: 2).normal([tokens, output])
        func run(_ product: (Tensor) -> Tensor) -> [Tensor] {
            let x = Generator(seed: 3).normal([tokens, input])
            let gradient = Tensor.zeros([tokens, input])
            x.collectGradient(in: gradient)
            let y = product(x)
            (y * upstream).sum().backward()
            return [y, gradient]
        }
        let found = run { weight.product($0) }
        let expected = run { $0.matmul(rounded.transposed(0, 1)) }
        for (a, b) in zip(found, expected) { #expect(a.relativeDifference(to: b) < 1e-5) }
    }

    @Test(
        "Inputs rounded to 8 bits give nearly the same product",
        arguments: [1, 2, 7, 33],
        [[35, 70], [192, 576]]
    )
    func roundedInputs(tokens: Int, shape: [Int]) {
        let weight = quantized(Generator(seed: 1).normal(shape))
        let x = Generator(seed: 2).normal([tokens, shape[1]])
        let difference = weight.product(x, roundsInput: true)
            .relativeDifference(to: weight.product(x))
        #expect((1e-4...2e-2).contains(difference))
    }

    @Test("Rows that are not finite stay so and touch no other")
    func notFinite() {
        let values: [Float] = [.nan, 1, .infinity, 1, 2, -4]
        let weight = quantized(Tensor(values, shape: [3, 2]))
        let y = weight.product(Tensor([1, 1] as [Float], shape: [1, 2])).doubles
        #expect(!y[0].isFinite && !y[1].isFinite)
        #expect(abs(y[2] + 2) < 0.02)
    }
}
