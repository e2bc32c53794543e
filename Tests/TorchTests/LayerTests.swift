import TestSupport
import Testing

@testable import Torch

/// The written-out layers against compositions of plain operations, values and gradients.
@Suite("Layers with written-out gradients equal their definitions")
struct LayerTests {
    @Test("Frozen linear at any rank", arguments: [[5], [4, 5], [3, 2, 5], [2, 1, 3, 5]])
    func frozenLinear(_ shape: [Int]) {
        let weight = Generator(seed: 5).normal([7, 5])
        let bias = Generator(seed: 6).normal([7])
        expectSame(
            [shape],
            fast: { $0[0].frozenLinear(weight, bias: bias) },
            plain: { $0[0].matmul(weight.to(.float64).transposed(0, 1)) + bias.to(.float64) }
        )
    }

    @Test("Dropout scales what it keeps, keeps the right share and passes gradients alike")
    func dropout() {
        let (x, gradient) = leaf([100, 103], seed: 1)
        let y = x.dropout(0.1, seed: 7)
        y.sum().backward()
        let kept = gradient.doubles.filter { $0 != 0 }
        // 10,300 draws: a standard error of 0.3%.
        #expect(abs(Double(kept.count) / 10_300 - 0.9) < 0.012)
        #expect(kept.allSatisfy { abs($0 - 1 / 0.9) < 1e-4 })
        #expect(y.largestDifference(to: x * gradient) < 1e-6)
        #expect(x.dropout(0.1, seed: 7).isEqual(to: y))
        #expect(!x.dropout(0.1, seed: 8).isEqual(to: y))
        // Neighbours are independent: both dropped in 1% of the pairs.
        let zeros = gradient.doubles.map { $0 == 0 }
        let pairs = zip(zeros, zeros.dropFirst()).filter { $0 && $1 }.count
        #expect(abs(Double(pairs) / 10_300 - 0.01) < 0.004)
    }

    @Test(
        "Low-rank product at any rank",
        arguments: [[20], [37, 20], [3, 2, 20], [2, 1, 3, 20], [33, 576]],
        [0, 0.25]
    )
    func lowRankProduct(_ shape: [Int], _ probability: Double) {
        expectSame(
            [shape, [3, shape[shape.count - 1]], [10, 3]],
            fast: {
                $0[0].lowRankProduct($0[1], $0[2], scale: 2, dropout: probability, seed: 7)
            },
            plain: {
                let x = probability == 0 ? $0[0] : $0[0].dropout(probability, seed: 7)
                return x.matmul($0[1].transposed(0, 1)).matmul($0[2].transposed(0, 1)) * 2
            }
        )
    }

    @Test("Product with a weight in 8 bits at any rank", arguments: [[5], [6, 5], [2, 1, 3, 5]])
    func quantizedProduct(_ shape: [Int]) {
        // Integers with a largest magnitude of 127 in each row are their own codes.
        let values: [Float] = (0..<35).map { (index: Int) -> Float in
            index % 5 == 0 ? -127 : Float(index * 37 % 255) - 127
        }
        let weight = QuantizedRows(zeros: [7, 5])
        weight.assign(Tensor(values, shape: [7, 5]))
        expectSame(
            [shape],
            fast: { weight.product($0[0]) },
            plain: { $0[0].matmul(weight.dequantized().to(.float64).transposed(0, 1)) }
        )
    }

    @Test(
        "RMS norm over the last dimension at any rank",
        arguments: [[6], [4, 6], [37, 70], [3, 2, 6], [5, 4, 1, 70], [17, 576], [3, 4096]]
    )
    func rmsNorm(_ shape: [Int]) {
        let width = shape[shape.count - 1]
        let weight = Generator(seed: 5).normal([width])
        let mean = Tensor.full([width, width], 1 / Double(width), dtype: .float64)
        expectSame(
            [shape],
            fast: { $0[0].rmsNorm(weight: weight, epsilon: 1e-2) },
            plain: {
                $0[0] * ($0[0].power(2).matmul(mean) + 1e-2).power(-0.5) * weight.to(.float64)
            }
        )
    }

    @Test(
        "SwiGLU at any rank",
        arguments: [
            [8], [3, 8], [37, 100], [3, 2, 8], [5, 4, 1, 70], [17, 3072], [3, 22_016],
        ]
    )
    func swiglu(_ shape: [Int]) {
        func plain(_ x: Tensor) -> Tensor {
            let width = shape[shape.count - 1] / 2
            let parts = x.split([width, width], along: shape.count - 1)
            let sigmoid = ((parts[0] * -1).exponential() + 1).power(-1)
            return parts[0] * sigmoid * parts[1]
        }
        expectSame([shape], fast: { $0[0].gated(by: .silu) }, plain: { plain($0[0]) })
    }

    @Test("GeGLU at any rank", arguments: [[8], [37, 100], [5, 4, 1, 70]])
    func geglu(_ shape: [Int]) {
        func plain(_ x: Tensor) -> Tensor {
            let width = shape[shape.count - 1] / 2
            let parts = x.split([width, width], along: shape.count - 1)
            let inner = (parts[0] + parts[0].power(3) * 0.044715) * (2 / Double.pi).squareRoot()
            return parts[0] * (inner.hyperbolicTangent() + 1) * 0.5 * parts[1]
        }
        expectSame([shape], fast: { $0[0].gated(by: .gelu) }, plain: { plain($0[0]) })
    }

    @Test(
        "Far from zero the gate is open or shut, and its gradient finite",
        arguments: [GateActivation.silu, .gelu]
    )
    func saturatedGate(_ activation: GateActivation) {
        let (x, gradient) = leaf([1, 8], seed: 1)
        withoutGradients {
            x.copyInPlace(Tensor([-1e4, -90, 90, 1e4, 1, 1, 1, 1], shape: [1, 8]))
        }
        let y = x.gated(by: activation)
        y.sum().backward()
        #expect(y.largestDifference(to: Tensor([0, 0, 90, 1e4], shape: [1, 4])) < 1e-6)
        let expected = Tensor([0, 0, 1, 1, 0, 0, 90, 1e4], shape: [1, 8])
        #expect(gradient.largestDifference(to: expected) < 1e-6)
    }

    @Test(
        "Rotary embedding",
        arguments: [(3, 2, 2, 0), (37, 3, 17, 0), (41, 9, 32, 0), (5, 32, 64, 0), (5, 2, 3, 4)]
    )
    func rotary(_ rows: Int, _ heads: Int, _ pairs: Int, _ rest: Int) {
        let angles = Generator(seed: 5).normal([rows, pairs])
        // cos and sin by their exponential series would be slow; any pair of tensors will do.
        let (cosine, sine) = (angles, angles * 0.5 + 1)
        func plain(_ x: Tensor) -> Tensor {
            let halves = x.split([pairs, pairs, rest], along: 2)
            let c = cosine.to(.float64).reshaped([rows, 1, pairs])
            let s = sine.to(.float64).reshaped([rows, 1, pairs])
            return Tensor.concatenated(
                [halves[0] * c - halves[1] * s, halves[1] * c + halves[0] * s, halves[2]],
                along: 2
            )
        }
        expectSame(
            [[rows, heads, 2 * pairs + rest]],
            fast: { $0[0].rotated(cosine: cosine, sine: sine) },
            plain: { plain($0[0]) }
        )
    }

    @Test("Layers of no rows give none, and no gradient")
    func noRows() {
        let weight = Generator(seed: 2).normal([4, 8])
        let rounded = QuantizedRows(zeros: [4, 8])
        let angles = Tensor.zeros([0, 4])
        let layers: [(Tensor) -> Tensor] = [
            { $0.rmsNorm(weight: .zeros([8]), epsilon: 1) }, { $0.gated(by: .silu) },
            { $0.rotated(cosine: angles, sine: angles) }, { $0.dropout(0.3, seed: 1) },
            { $0.frozenLinear(weight) },
            { $0.lowRankProduct(weight, weight.transposed(0, 1), scale: 1, dropout: 0.5, seed: 1) },
            { rounded.product($0) }, { rounded.product($0, roundsInput: true) },
        ]
        for layer in layers {
            let (x, gradient) = leaf([0, 2, 8], seed: 1)
            let y = layer(x)
            y.sum().backward()
            #expect(y.count == 0 && gradient.count == 0)
        }
    }

    @Test("Rows that lie apart in memory compute as their copy")
    func notContiguous() {
        let x = Generator(seed: 1).normal([6, 5, 8]).transposed(0, 1)  // [5, 6, 8]
        let weight = Generator(seed: 2).normal([12, 8])
        let angles = Generator(seed: 3).normal([4, 5]).transposed(0, 1)  // [5, 4]
        let layers: [(Tensor) -> Tensor] = [
            { $0.rmsNorm(weight: weight.narrowed(0, start: 3, length: 1).view([8]), epsilon: 1) },
            { $0.gated(by: .silu) },
            { $0.rotated(cosine: angles, sine: angles) },
            { $0.dropout(0.3, seed: 1) },
            { $0.frozenLinear(weight) },
            { $0.transposed(1, 2).frozenLinear(weight.narrowed(1, start: 1, length: 6)) },
        ]
        for layer in layers { #expect(layer(x).isEqual(to: layer(x.clone().rowMajor))) }
    }
}
