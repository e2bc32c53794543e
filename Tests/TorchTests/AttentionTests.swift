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
    )
    func attention(_ spans: Spans) {
        let ((heads, keyHeads), size) = (spans.heads, spans.size)
        let queries = spans.prefixQueries + spans.queryLengths.reduce(0, +)
        let keys = spans.held?.rows ?? spans.prefixKeys + spans.keyLengths.reduce(0, +)
        let shapes = [[queries, heads, size], [keys, keyHeads, size], [keys, keyHeads, size]]
        let scale = 1 / Double(size).squareRoot()
        expectSame(
            shapes,
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
