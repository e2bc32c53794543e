import TestSupport
import Testing

@testable import Torch

/// The written-out layers against compositions of plain operations, values and gradients.
@Suite("Layers with written-out gradients equal their definitions")
struct LayerTests {
    private func leaf(
        _ shape: [Int],
        seed: UInt64,
        _ type: DType = .float32
    ) -> (
        value: Tensor, gradient: Tensor
    ) {
        let value = Generator(seed: seed).normal(shape).to(type)
        let gradient = Tensor.zeros(shape, dtype: type)
        value.collectGradient(in: gradient)
        return (value, gradient)
    }

    /// Runs a layer and its definition on the same inputs and compares outputs and gradients: in
    /// 32 bits, where the CPU has kernels of ours, and in 64 bits, where compositions are used.
    ///
    /// The definition is in 64 bits, so that what is found is the error of the layer alone.
    private func expectSame(
        _ shapes: [[Int]],
        fast: ([Tensor]) -> Tensor,
        plain: ([Tensor]) -> Tensor
    ) {
        func run(_ layer: ([Tensor]) -> Tensor, _ type: DType) -> [Tensor] {
            let inputs = shapes.enumerated().map { leaf($1, seed: UInt64($0 + 1), type) }
            let output = layer(inputs.map(\.value))
            let weight = Generator(seed: 99).normal(output.shape).to(type)
            (output * weight).sum().backward()
            return [output] + inputs.map(\.gradient)
        }
        let expected = run(plain, .float64)
        for (type, tolerance) in [(DType.float32, 1e-6), (.float64, 1e-12)] {
            for (found, expected) in zip(run(fast, type), expected) {
                #expect(found.to(.float64).relativeDifference(to: expected) < tolerance)
            }
        }
    }

    @Test("Frozen linear")
    func frozenLinear() {
        let weight = Generator(seed: 5).normal([7, 5])
        let bias = Generator(seed: 6).normal([7])
        expectSame(
            [[4, 5]],
            fast: { $0[0].frozenLinear(weight.to($0[0].dtype), bias: bias.to($0[0].dtype)) },
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

    @Test("Low-rank product", arguments: [0, 0.25])
    func lowRankProduct(_ probability: Double) {
        expectSame(
            [[37, 20], [3, 20], [10, 3]],
            fast: {
                $0[0].lowRankProduct($0[1], $0[2], scale: 2, dropout: probability, seed: 7)
            },
            plain: {
                let x = probability == 0 ? $0[0] : $0[0].dropout(probability, seed: 7)
                return x.matmul($0[1].transposed(0, 1)).matmul($0[2].transposed(0, 1)) * 2
            }
        )
    }

    @Test("RMS norm", arguments: [(4, 6), (37, 70)])
    func rmsNorm(_ rows: Int, _ width: Int) {
        let weight = Generator(seed: 5).normal([width])
        let mean = Tensor.full([width, width], 1 / Double(width), dtype: .float64)
        expectSame(
            [[rows, width]],
            fast: { $0[0].rmsNorm(weight: weight.to($0[0].dtype), epsilon: 1e-2) },
            plain: {
                $0[0] * ($0[0].power(2).matmul(mean) + 1e-2).power(-0.5) * weight.to(.float64)
            }
        )
    }

    @Test("SwiGLU", arguments: [(3, 4), (37, 50)])
    func swiglu(_ rows: Int, _ width: Int) {
        func plain(_ x: Tensor) -> Tensor {
            let parts = x.split([width, width], along: 1)
            let sigmoid = ((parts[0] * -1).exponential() + 1).power(-1)
            return parts[0] * sigmoid * parts[1]
        }
        expectSame([[rows, 2 * width]], fast: { $0[0].swiglu() }, plain: { plain($0[0]) })
    }

    @Test("Far from zero the gate is open or shut, and its gradient finite")
    func saturatedGate() {
        let (x, gradient) = leaf([1, 8], seed: 1)
        withoutGradients {
            x.copyInPlace(Tensor([-1e4, -90, 90, 1e4, 1, 1, 1, 1], shape: [1, 8]))
        }
        let y = x.swiglu()
        y.sum().backward()
        #expect(y.largestDifference(to: Tensor([0, 0, 90, 1e4], shape: [1, 4])) < 1e-6)
        let expected = Tensor([0, 0, 1, 1, 0, 0, 90, 1e4], shape: [1, 8])
        #expect(gradient.largestDifference(to: expected) < 1e-6)
    }

    @Test("Rotary embedding", arguments: [(3, 2, 2), (37, 3, 17)])
    func rotary(_ rows: Int, _ heads: Int, _ pairs: Int) {
        let angles = Generator(seed: 5).normal([rows, pairs])
        // cos and sin by their exponential series would be slow; any pair of tensors will do.
        let (cosine, sine) = (angles, angles * 0.5 + 1)
        func plain(_ x: Tensor) -> Tensor {
            let halves = x.split([pairs, pairs], along: 2)
            let c = cosine.to(.float64).reshaped([rows, 1, pairs])
            let s = sine.to(.float64).reshaped([rows, 1, pairs])
            return Tensor.concatenated(
                [halves[0] * c - halves[1] * s, halves[1] * c + halves[0] * s],
                along: 2
            )
        }
        expectSame(
            [[rows, heads, 2 * pairs]],
            fast: { $0[0].rotated(cosine: cosine.to($0[0].dtype), sine: sine.to($0[0].dtype)) },
            plain: { plain($0[0]) }
        )
    }

    /// The arguments of `AttentionSpans`.
    struct Spans: Sendable {
        var prefixQueries: Int
        var prefixKeys: Int
        var queryLengths: [Int]
        var keyLengths: [Int]
        var size = 3
    }

    @Test(
        "Packed attention equals masked attention of each sequence alone",
        arguments: [
            Spans(prefixQueries: 0, prefixKeys: 0, queryLengths: [3, 1], keyLengths: [3, 1]),
            Spans(prefixQueries: 2, prefixKeys: 2, queryLengths: [3, 4], keyLengths: [3, 4]),
            Spans(prefixQueries: 0, prefixKeys: 3, queryLengths: [1, 1], keyLengths: [2, 5]),
            Spans(
                prefixQueries: 1,
                prefixKeys: 1,
                queryLengths: [1, 6, 2],
                keyLengths: [1, 6, 2]
            ),
            Spans(
                prefixQueries: 35,
                prefixKeys: 35,
                queryLengths: [29, 50],
                keyLengths: [29, 50],
                size: 40
            ),
            Spans(
                prefixQueries: 0,
                prefixKeys: 40,
                queryLengths: [1, 26],
                keyLengths: [31, 33],
                size: 32
            ),
        ]
    )
    func attention(_ spans: Spans) {
        let (heads, keyHeads, size) = (4, 2, spans.size)
        let queries = spans.prefixQueries + spans.queryLengths.reduce(0, +)
        let keys = spans.prefixKeys + spans.keyLengths.reduce(0, +)
        let shapes = [[queries, heads, size], [keys, keyHeads, size], [keys, keyHeads, size]]
        expectSame(
            shapes,
            fast: {
                packedAttention(
                    query: $0[0],
                    key: $0[1],
                    value: $0[2],
                    spans: AttentionSpans(
                        prefixQueries: spans.prefixQueries,
                        prefixKeys: spans.prefixKeys,
                        queryLengths: spans.queryLengths,
                        keyLengths: spans.keyLengths
                    ),
                    scale: 0.5
                )
            },
            plain: { plainAttention($0[0], $0[1], $0[2], spans) }
        )
    }

    /// One query row, one head and one softmax at a time.
    private func plainAttention(
        _ query: Tensor,
        _ key: Tensor,
        _ value: Tensor,
        _ spans: Spans
    ) -> Tensor {
        let prefix = Array(0..<spans.prefixKeys)
        var visible = prefix.prefix(spans.prefixQueries).map { Array(0...$0) }
        var start = spans.prefixKeys
        for (queries, keys) in zip(spans.queryLengths, spans.keyLengths) {
            for row in 0..<queries {
                visible.append(prefix + (start...start + keys - queries + row))
            }
            start += keys
        }
        let group = query.shape[1] / key.shape[1]
        let rows = visible.enumerated().map { row, seen in
            let heads = (0..<query.shape[1]).map { head in
                func part(_ x: Tensor, _ rows: [Int], _ head: Int) -> Tensor {
                    x.selecting(Tensor(rows), along: 0).narrowed(1, start: head, length: 1)
                        .reshaped([rows.count, -1])
                }
                let scores =
                    part(query, [row], head)
                    .matmul(part(key, seen, head / group).transposed(0, 1)) * 0.5
                return scores.logSoftmax(along: 1).exponential()
                    .matmul(part(value, seen, head / group))  // [1, size]
            }
            return Tensor.concatenated(heads, along: 0).reshaped([1, query.shape[1], -1])
        }
        return Tensor.concatenated(rows, along: 0)
    }
}
