import TestSupport
import Testing

@testable import Torch

/// An operation of tensors that get gradients, the first of which decides the type, and of frozen
/// ones.
struct TypedOperation: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Shapes of tensors of the type that is computed in.
    let inputs: [[Int]]
    /// Shapes of trained tensors, which are float32 whatever is computed in.
    var trained: [[Int]] = []
    /// Shapes of frozen tensors, of any type.
    var frozen: [[Int]] = []
    /// The operation of inputs, trained and frozen tensors in this order.
    let run: @Sendable ([Tensor]) -> Tensor
}

@Suite("Every operation computes in the type of its input")
struct PrecisionTests {
    private static var labels: Tensor { Tensor((0..<300).map { $0 * 7 % 11 }) }

    private static func quantized(_ shape: [Int]) -> QuantizedRows {
        let weight = QuantizedRows(zeros: shape)
        weight.assign(Generator(seed: 9).normal(shape))
        return weight
    }

    private static var spans: AttentionSpans {
        AttentionSpans(
            prefixQueries: 2,
            prefixKeys: 2,
            queryLengths: [2, 1],
            keyLengths: [40, 3]
        )
    }

    private static var wholeSpans: AttentionSpans {
        AttentionSpans(prefixQueries: 2, prefixKeys: 2, queryLengths: [3, 2], keyLengths: [3, 2])
    }

    static let operations: [TypedOperation] = [
        .init(testDescription: "frozenLinear", inputs: [[5, 70]], frozen: [[9, 70], [9]]) {
            $0[0].frozenLinear($0[1], bias: $0[2])
        },
        .init(testDescription: "lowRankProduct", inputs: [[5, 70]], trained: [[4, 70], [9, 4]]) {
            $0[0].lowRankProduct($0[1], $0[2], scale: 2, dropout: 0.25, seed: 7)
        },
        .init(testDescription: "QuantizedRows.product", inputs: [[5, 70]], frozen: [[9]]) {
            quantized([9, 70]).product($0[0], bias: $0[1])
        },
        .init(testDescription: "QuantizedRows.product, rounded inputs", inputs: [[5, 70]]) {
            quantized([9, 70]).product($0[0], roundsInput: true)
        },
        .init(testDescription: "rmsNorm", inputs: [[5, 3, 70]], frozen: [[70]]) {
            $0[0].rmsNorm(weight: $0[1], epsilon: 1e-5)
        },
        .init(testDescription: "swiglu", inputs: [[5, 70]]) { $0[0].gated(by: .silu) },
        .init(testDescription: "geglu", inputs: [[5, 70]]) { $0[0].gated(by: .gelu) },
        .init(testDescription: "dropout", inputs: [[5, 70]]) { $0[0].dropout(0.1, seed: 7) },
        .init(testDescription: "rotated", inputs: [[5, 3, 8]], frozen: [[5, 4], [5, 4]]) {
            $0[0].rotated(cosine: $0[1], sine: $0[2])
        },
        .init(
            testDescription: "packedAttention",
            inputs: [[5, 4, 16], [45, 2, 16], [45, 2, 16]]
        ) {
            packedAttention(query: $0[0], key: $0[1], value: $0[2], spans: spans, scale: 0.5)
        },
        .init(
            testDescription: "gatedDeltaRule",
            inputs: [[7, 2, 6], [7, 2, 6], [7, 4, 5], [7, 4], [7, 4]]
        ) {
            gatedDeltaRule(
                query: $0[0],
                key: $0[1] * 0.25,
                value: $0[2],
                logDecay: $0[3].softplus() * -1,
                strength: $0[4].sigmoid(),
                spans: wholeSpans
            )
        },
        .init(testDescription: "causallyConvolved", inputs: [[7, 70]], frozen: [[70, 4]]) {
            $0[0].causallyConvolved($0[1], spans: wholeSpans)
        },
        .init(testDescription: "matmul", inputs: [[5, 70], [70, 9]]) { $0[0].matmul($0[1]) },
        .init(testDescription: "logSoftmax", inputs: [[5, 70]]) { $0[0].logSoftmax(along: 1) },
        .init(testDescription: "negativeLogLikelihood, mean", inputs: [[300, 11]]) {
            $0[0].negativeLogLikelihood(labels)
        },
        .init(testDescription: "negativeLogLikelihood, sum", inputs: [[300, 11]]) {
            ($0[0] * $0[0]).negativeLogLikelihood(labels, mean: false)
        },
        .init(testDescription: "sum", inputs: [[3000]]) { ($0[0] * $0[0]).sum() },
        .init(testDescription: "mean", inputs: [[3000]]) { ($0[0] * $0[0]).mean() },
    ]

    /// The largest relative error (norm of the difference over the norm) that a type allows.
    ///
    /// Rounding to nearest errs by at most half a unit in the last place, u. In 16 bits, where sums
    /// are float32, what counts are at most four roundings between input and result: a frozen or
    /// trained operand, two values in between, and the result. In 32 and 64 bits the sums are taken
    /// in that type; over up to 3000 terms in vectors and blocks we allow 16.
    private func tolerance(_ type: DType) -> Double {
        switch type {
        case .bfloat16: 4 * 0x1p-8
        case .float32: 16 * 0x1p-24
        default: 16 * 0x1p-53
        }
    }

    /// Result and gradients, of the same numbers in all types that `types` names.
    private func run(
        _ operation: TypedOperation,
        rounded: [DType],
        computed: [DType]
    ) -> [Tensor] {
        let shapes = operation.inputs + operation.trained + operation.frozen
        let values = zip(shapes, rounded).enumerated().map { index, pair in
            Generator(seed: UInt64(index + 1)).normal(pair.0).to(pair.1)
        }
        let operands = zip(values, computed).map { $0.to($1) }
        let leaves = operands.prefix(operation.inputs.count + operation.trained.count)
        let gradients = leaves.map { leaf in
            let gradient = Tensor.zeros(like: leaf)
            leaf.collectGradient(in: gradient)
            return gradient
        }
        let result = operation.run(operands)
        let weight = Generator(seed: 99).normal(result.shape).to(rounded[0]).to(computed[0])
        (result * weight).sum().backward()
        return [result] + gradients
    }

    @Test(
        "Results and gradients have the types they should, and the values of 64 bits",
        arguments: operations,
        [DType.bfloat16, .float32, .float64]
    )
    func types(_ operation: TypedOperation, _ type: DType) {
        for frozenType in [DType.bfloat16, .float32, .float64] {
            let types =
                operation.inputs.map { _ in type } + operation.trained.map { _ in .float32 }
                + operation.frozen.map { _ in frozenType }
            let found = run(operation, rounded: types, computed: types)
            let expected = run(
                operation,
                rounded: types,
                computed: types.map { _ in DType.float64 }
            )
            for (index, (a, b)) in zip(found, expected).enumerated() {
                #expect(a.dtype == (index == 0 ? type : types[index - 1]))
                let difference = a.to(.float64).relativeDifference(to: b)
                let allowed = max(tolerance(type), tolerance(a.dtype))
                #expect(difference < allowed, "\(index) of \(frozenType)")
            }
        }
    }

    @Test("A norm of float32 in bfloat16 is that in float32, rounded, and passes its gradient")
    func roundedNorm() {
        let weight = Generator(seed: 5).normal([70])
        func run(_ norm: (Tensor) -> Tensor) -> (result: Tensor, gradient: Tensor) {
            let (x, gradient) = leaf([5, 3, 70], seed: 1)
            let y = norm(x)
            (y * Generator(seed: 99).normal(y.shape).to(.bfloat16)).sum().backward()
            return (y, gradient)
        }
        let exact = run { $0.rmsNorm(weight: weight, epsilon: 1e-5).to(.bfloat16) }
        let found = run { $0.rmsNorm(weight: weight, epsilon: 1e-5, as: .bfloat16) }
        #expect(found.result.dtype == .bfloat16 && found.result.isEqual(to: exact.result))
        // What the backward pass keeps is rounded, too.
        #expect(found.gradient.dtype == .float32)
        #expect(found.gradient.relativeDifference(to: exact.gradient) < 0x1p-8)
    }

    @Test("Kernels round to the nearest, halves to even, and keep what is not a number")
    func rounding() {
        // Neighbours of 1 in bfloat16 are 2^-8 and 2^-7 away; the largest float rounds to infinity.
        let numbers: [Float] = [
            1, 1 + 0x1p-9, 1 + 0x1p-8, 1 + 0x1.8p-8, 1 + 0x1p-7 + 0x1p-8, -1 - 0x1p-8, 0, -0.0,
            0x1p-149, .greatestFiniteMagnitude, -.infinity, .nan, Float(bitPattern: 0x7FFF_FFFF),
            Float(bitPattern: 0x7F80_0001),
        ]
        let expected: [Float] = [
            1, 1, 1, 1 + 0x1p-7, 1 + 0x1p-6, -1, 0, -0.0, 0, .infinity, -.infinity, .nan, .nan,
            .nan,
        ]
        for (number, expected) in zip(numbers, expected) {
            // A norm with this weight and no epsilon of a row of ones.
            let found = Tensor.full([1, 1], 1)
                .rmsNorm(weight: Tensor([number], shape: [1]), epsilon: 0, as: .bfloat16)
                .item
            #expect(found == Double(expected) || found.isNaN && expected.isNaN, "\(number)")
        }
    }
}
