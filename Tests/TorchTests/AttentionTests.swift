import Foundation
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
        /// Where keys do not lie end to end, and how many rows there are.
        var held: (firstKeys: [Int], rows: Int)?

        var made: AttentionSpans {
            guard let held else {
                return AttentionSpans(
                    prefixQueries: prefixQueries,
                    prefixKeys: prefixKeys,
                    queryLengths: queryLengths,
                    keyLengths: keyLengths
                )
            }
            return AttentionSpans(
                prefixQueries: prefixQueries,
                prefixKeys: prefixKeys,
                queryLengths: queryLengths,
                keyLengths: keyLengths,
                firstKeys: held.firstKeys
            )
        }
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
        ]
    )
    func attention(_ spans: Spans) {
        let (heads, keyHeads, size) = (4, 2, spans.size)
        let queries = spans.prefixQueries + spans.queryLengths.reduce(0, +)
        let keys = spans.held?.rows ?? spans.prefixKeys + spans.keyLengths.reduce(0, +)
        let shapes = [[queries, heads, size], [keys, keyHeads, size], [keys, keyHeads, size]]
        expectSame(
            shapes,
            fast: {
                packedAttention(
                    query: $0[0],
                    key: $0[1],
                    value: $0[2],
                    spans: spans.made,
                    scale: 0.5
                )
            },
            plain: { plainAttention($0[0], $0[1], $0[2], spans) }
        )
    }

    @Test(
        "Scores beyond 1e9 have the weights they have in float64",
        arguments: [4, 8, 32, 96, 128],
        [1.0, 1e4, 1e8]
    )
    func largeScores(size: Int, factor: Double) {
        let spans = Spans(prefixQueries: 0, prefixKeys: 0, queryLengths: [40], keyLengths: [40])
        // Small whole numbers times a power of two: products and sums of them are exact in float32.
        let power = factor == 1 ? 1 : exp2(log2(factor).rounded())
        func numbers(_ heads: Int, _ seed: Int, _ factor: Double) -> Tensor {
            let values = (0..<40 * heads * size).map { i in
                factor * Double((i * i % 251 + i * seed + i / size * 3) % 5 - 2)
            }
            return Tensor(values, shape: [40, heads, size])
        }
        let (query, key) = (numbers(4, 7, power), numbers(2, 3, power))
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

    /// One query row, one head and one softmax at a time.
    private func plainAttention(
        _ query: Tensor,
        _ key: Tensor,
        _ value: Tensor,
        _ spans: Spans,
        scale: Double = 0.5
    ) -> Tensor {
        let prefix = Array(0..<spans.prefixKeys)
        var visible = prefix.suffix(spans.prefixQueries).map { Array(0...$0) }
        var next = spans.prefixKeys
        for (i, (queries, keys)) in zip(spans.queryLengths, spans.keyLengths).enumerated() {
            let start = spans.held?.firstKeys[i] ?? next
            for row in 0..<queries {
                visible.append(prefix + (start...start + keys - queries + row))
            }
            next += keys
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
                    .matmul(part(key, seen, head / group).transposed(0, 1)) * scale
                return scores.logSoftmax(along: 1).exponential()
                    .matmul(part(value, seen, head / group))  // [1, size]
            }
            return Tensor.concatenated(heads, along: 0).reshaped([1, query.shape[1], -1])
        }
        return Tensor.concatenated(rows, along: 0)
    }
}
