import TestSupport
import Testing

@testable import Torch

/// A leaf of normal numbers, and the tensor that collects its gradient.
func leaf(
    _ shape: [Int],
    seed: UInt64,
    _ type: DType = .float32
) -> (value: Tensor, gradient: Tensor) {
    let value = Generator(seed: seed).normal(shape).to(type)
    let gradient = Tensor.zeros(like: value)
    value.collectGradient(in: gradient)
    return (value, gradient)
}

/// Runs a layer and its definition on the same inputs and compares outputs and gradients: in 32
/// bits, where the CPU has kernels of ours, and in 64 bits, where compositions are used.
///
/// The definition is in 64 bits, so that what is found is the error of the layer alone. In 32 bits
/// it is below 1e-6, or below so many `roundings` of the definition's own error: how much a layer
/// that takes other ways to its sums loses depends on the processor.
func expectSame(
    _ shapes: [[Int]],
    roundings: Double = 0,
    fast: ([Tensor]) -> Tensor,
    plain: ([Tensor]) -> Tensor,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    func run(_ layer: ([Tensor]) -> Tensor, _ type: DType) -> [Tensor] {
        let inputs = shapes.enumerated().map { leaf($1, seed: UInt64($0 + 1), type) }
        let output = layer(inputs.map(\.value))
        let weight = Generator(seed: 99).normal(output.shape).to(type)
        (output * weight).sum().backward()
        return [output] + inputs.map(\.gradient)
    }
    let expected = run(plain, .float64)
    func errors(_ results: [Tensor]) -> [Double] {
        zip(results, expected).map { $0.to(.float64).relativeDifference(to: $1) }
    }
    let own = roundings > 0 ? errors(run(plain, .float32)) : expected.map { _ in 0 }
    for (type, tolerance) in [(DType.float32, 1e-6), (.float64, 1e-12)] {
        let results = run(fast, type)
        #expect(results.allSatisfy { $0.dtype == type }, sourceLocation: sourceLocation)
        for (found, own) in zip(errors(results), own) {
            let most = type == .float32 ? max(tolerance, roundings * own) : tolerance
            #expect(found < most, sourceLocation: sourceLocation)
        }
    }
}
