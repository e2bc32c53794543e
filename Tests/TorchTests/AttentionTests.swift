import CTorch
import Foundation
import HostKernels
import TestSupport
import Testing

@testable import Torch

@Suite("Packed attention")
struct AttentionTests {
    /// The arguments of `AttentionSpans`.
    struct Spans: Sendable {
        var prefixQueries: Int
        var prefixKeys: Int
        var queryLengths: [Int]
        var keyLengths: [Int]
        var size = 3
        var heads = (query: 4, key: 2)
        var window: Int?
        var cap: Double?
        /// The ends of what sees each own token, where sequences branch.
        var ends: [Int]?
        /// Where keys do not lie end to end, and how many rows there are.
        var held: (firstKeys: [Int], rows: Int)?

        var made: AttentionSpans {
            guard let held else {
                return AttentionSpans(
                    prefixQueries: prefixQueries,
                    prefixKeys: prefixKeys,
                    queryLengths: queryLengths,
                    keyLengths: keyLengths,
                    ends: ends,
                    window: window
                )
            }
            return AttentionSpans(
                prefixQueries: prefixQueries,
                prefixKeys: prefixKeys,
                queryLengths: queryLengths,
                keyLengths: keyLengths,
                firstKeys: held.firstKeys,
                ends: ends,
                window: window
            )
        }
    }

    static let cases = [
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
        Spans(
            prefixQueries: 0,
            prefixKeys: 3,
            queryLengths: [2, 1, 4],
            keyLengths: [5, 1, 4],
            held: ([20, 3, 9], 30)
        ),
        Spans(
            prefixQueries: 2,
            prefixKeys: 4,
            queryLengths: [3, 2],
            keyLengths: [3, 6],
            held: ([13, 5], 16)
        ),
        Spans(
            prefixQueries: 0,
            prefixKeys: 0,
            queryLengths: [30, 1, 25],
            keyLengths: [70, 33, 25],
            size: 32,
            held: ([60, 1, 34], 140)
        ),
        Spans(
            prefixQueries: 5,
            prefixKeys: 5,
            queryLengths: [6, 1, 9],
            keyLengths: [6, 1, 9],
            window: 3
        ),
        Spans(
            prefixQueries: 0,
            prefixKeys: 40,
            queryLengths: [1, 26],
            keyLengths: [31, 60],
            size: 32,
            window: 33,
            cap: 0.6
        ),
        Spans(
            prefixQueries: 2,
            prefixKeys: 4,
            queryLengths: [3, 2],
            keyLengths: [3, 6],
            window: 2,
            held: ([13, 5], 16)
        ),
        Spans(
            prefixQueries: 35,
            prefixKeys: 35,
            queryLengths: [29, 50],
            keyLengths: [29, 50],
            size: 40,
            cap: 2
        ),
        // Trees: a stem of two with three branches, one of which branches again; a sequence.
        Spans(
            prefixQueries: 3,
            prefixKeys: 3,
            queryLengths: [8, 2],
            keyLengths: [8, 2],
            ends: [8, 8, 4, 4, 7, 6, 7, 8, 2, 2]
        ),
        Spans(
            prefixQueries: 0,
            prefixKeys: 4,
            queryLengths: [5, 1],
            keyLengths: [8, 2],
            window: 3,
            cap: 0.6,
            ends: [8, 8, 4, 4, 7, 6, 7, 8, 2, 2]
        ),
        Spans(
            prefixQueries: 0,
            prefixKeys: 33,
            queryLengths: [70],
            keyLengths: [72],
            size: 64,
            heads: (9, 3),
            ends: (0..<72).map { $0 < 9 ? 72 : min(72, $0 + 1 + (71 - $0) % 7) }
        ),
        // The heads of SmolLM2-135M, and some of those of a model of 7B parameters.
        Spans(
            prefixQueries: 33,
            prefixKeys: 33,
            queryLengths: [17, 1, 64],
            keyLengths: [17, 1, 64],
            size: 64,
            heads: (9, 3)
        ),
        Spans(
            prefixQueries: 0,
            prefixKeys: 31,
            queryLengths: [1, 25],
            keyLengths: [1, 97],
            size: 128,
            heads: (2, 2)
        ),
    ]

    @Test("Packed attention equals masked attention of each sequence alone", arguments: cases)
    func attention(_ spans: Spans) {
        let scale = 1 / Double(spans.size).squareRoot()
        expectSame(
            shapes(spans),
            fast: {
                packedAttention(
                    query: $0[0],
                    key: $0[1],
                    value: $0[2],
                    spans: spans.made,
                    scale: scale,
                    cap: spans.cap
                )
            },
            plain: { plainAttention($0[0], $0[1], $0[2], spans, scale: scale) }
        )
    }

    /// The cases that flash attention takes, in sizes of heads that it takes.
    private static let flashCases = cases.filter { $0.ends == nil }.map { spans in
        var spans = spans
        spans.size = (spans.size + 7) / 8 * 8
        spans.cap = nil
        return spans
    }

    @Test("Flash attention is given sequences end to end", arguments: flashCases)
    func flashAttention(_ spans: Spans) throws {
        let type = DType.bfloat16
        let leaves = shapes(spans).enumerated().map { index, shape in
            let value = Generator(seed: UInt64(index + 1)).normal(shape).to(type)
            return (
                value: value, wide: value.to(.float64),
                gradient: Tensor.zeros(shape, dtype: .float64)
            )
        }
        for leaf in leaves { leaf.wide.collectGradient(in: leaf.gradient) }
        let scale = 1 / Double(spans.size).squareRoot()
        let wide = leaves.map(\.wide)
        let expected = plainAttention(wide[0], wide[1], wide[2], spans, scale: scale)
        let outer = Generator(seed: 99).normal(expected.shape).to(type)
        (expected * outer.to(.float64)).sum().backward()

        let made = spans.made
        defer { withExtendedLifetime(made) {} }
        var results: [ctorch_tensor?] = [nil, nil, nil]
        let values = leaves.map(\.value)
        let out = Tensor {
            host_attention(
                values[0].handle,
                values[1].handle,
                values[2].handle,
                made.handle,
                scale,
                0,
                outer.handle,
                $0,
                &results
            )
        }
        let gradients = results.map(Tensor.init(handle:))
        for (found, right) in zip([out] + gradients, [expected] + leaves.map(\.gradient)) {
            #expect(found.dtype == type)
            // Gradients are differences of numbers of which one, the result, was rounded to 2e-3.
            #expect(found.to(.float64).relativeDifference(to: right) < 1e-2)
        }
    }

    @Test(
        "Scores beyond 1e9 have the weights they have in float64",
        arguments: [4, 8, 32, 96, 128],
        [1.0, 16_384, 134_217_728]
    )
    func largeScores(size: Int, factor: Double) {
        let spans = Spans(prefixQueries: 0, prefixKeys: 0, queryLengths: [40], keyLengths: [40])
        // Small whole numbers times a power of two: products and sums of them are exact in float32.
        func numbers(_ heads: Int, _ seed: Int, _ factor: Double) -> Tensor {
            let values = (0..<40 * heads * size).map { i in
                factor * Double((i * i % 251 + i * seed + i / size * 3) % 5 - 2)
            }
            return Tensor(values, shape: [40, heads, size])
        }
        let (query, key) = (numbers(4, 7, factor), numbers(2, 3, factor))
        let value = numbers(2, 11, 0.25)
        let scale = 1 / Double(size).squareRoot()
        let exact = plainAttention(query, key, value, spans, scale: scale)
        let found = packedAttention(
            query: query.to(.float32),
            key: key.to(.float32),
            value: value.to(.float32),
            spans: spans.made,
            scale: scale
        )
        #expect(found.to(.float64).largestDifference(to: exact) < 1e-5)
    }

    /// Those of query, key and value.
    private func shapes(_ spans: Spans) -> [[Int]] {
        let queries = spans.prefixQueries + spans.queryLengths.reduce(0, +)
        let keys = spans.held?.rows ?? spans.prefixKeys + spans.keyLengths.reduce(0, +)
        let (heads, size) = (spans.heads, spans.size)
        return [[queries, heads.query, size], [keys, heads.key, size], [keys, heads.key, size]]
    }

    /// One query row, one head and one softmax at a time.
    private func plainAttention(
        _ query: Tensor,
        _ key: Tensor,
        _ value: Tensor,
        _ spans: Spans,
        scale: Double
    ) -> Tensor {
        let prefix = Array(0..<spans.prefixKeys)
        var visible = prefix.suffix(spans.prefixQueries).map { Array(0...$0) }
        var (next, own) = (spans.prefixKeys, 0)
        for (i, (queries, keys)) in zip(spans.queryLengths, spans.keyLengths).enumerated() {
            let start = spans.held?.firstKeys[i] ?? next
            let ends = spans.ends.map { Array($0.dropFirst(own).prefix(keys)) }
            for token in keys - queries..<keys {
                let seen = (0...token).filter { key in ends.map { $0[key] > token } ?? true }
                visible.append(prefix + seen.map { start + $0 })
            }
            next += keys
            own += keys
        }
        if let window = spans.window { visible = visible.map { $0.suffix(window) } }
        let group = query.shape[1] / key.shape[1]
        let rows = visible.enumerated().map { row, seen in
            let heads = (0..<query.shape[1]).map { head in
                func part(_ x: Tensor, _ rows: [Int], _ head: Int) -> Tensor {
                    x.selecting(Tensor(rows), along: 0).narrowed(1, start: head, length: 1)
                        .reshaped([rows.count, -1])
                }
                var scores =
                    part(query, [row], head)
                    .matmul(part(key, seen, head / group).transposed(0, 1)) * scale
                if let cap = spans.cap { scores = (scores * (1 / cap)).hyperbolicTangent() * cap }
                return scores.logSoftmax(along: 1).exponential()
                    .matmul(part(value, seen, head / group))  // [1, size]
            }
            return Tensor.concatenated(heads, along: 0).reshaped([1, query.shape[1], -1])
        }
        return Tensor.concatenated(rows, along: 0)
    }
}
