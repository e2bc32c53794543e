import Testing

@testable import Torch

@Suite("The gated delta rule")
struct GatedDeltaTests {
    /// A packed batch: a prefix, then sequences, some of which branch.
    struct Batch: Sendable, CustomTestStringConvertible {
        var prefix: Int
        var lengths: [Int]
        /// The ends of what sees each own token, where sequences branch.
        var ends: [Int]?

        var testDescription: String { "prefix of \(prefix), lengths \(lengths)" }
        var count: Int { prefix + lengths.reduce(0, +) }

        var spans: AttentionSpans {
            AttentionSpans(
                prefixQueries: prefix,
                prefixKeys: prefix,
                queryLengths: lengths,
                keyLengths: lengths,
                ends: ends
            )
        }

        /// The row of the token before each, nil where it is the first of its sequence.
        var before: [Int?] {
            let last = prefix > 0 ? prefix - 1 : nil
            var result: [Int?] = (0..<prefix).map { $0 > 0 ? $0 - 1 : nil }
            var ends = ends ?? lengths.flatMap { Array(repeating: $0, count: $0) }
            for length in lengths {
                let (own, start) = (Array(ends.prefix(length)), result.count)
                result += (0..<length).map { token in
                    (0..<token).last { own[$0] > token }.map { start + $0 } ?? last
                }
                ends.removeFirst(length)
            }
            return result
        }
    }

    static let batches = [
        Batch(prefix: 0, lengths: [2]),
        Batch(prefix: 3, lengths: [2, 5]),
        Batch(prefix: 0, lengths: [64, 65]),
        Batch(prefix: 70, lengths: [130, 1, 9]),
        // A stem of two with three branches, one of which branches again; a sequence.
        Batch(prefix: 3, lengths: [8, 2], ends: [8, 8, 4, 4, 7, 6, 7, 8, 2, 2]),
        // Branches behind a stem longer than a chunk, and from the first token on.
        Batch(
            prefix: 2,
            lengths: [69, 3],
            ends: Array(repeating: 69, count: 66) + [67, 69, 69] + [2, 2, 3]
        ),
    ]

    private static let (keyHeads, heads, keySize, valueSize) = (2, 4, 6, 5)

    /// Query, key, value, decay and strength of arbitrary numbers, as the rule has them.
    private func operands(_ x: [Tensor]) -> [Tensor] {
        [x[0], x[1] * 0.3, x[2], x[3].softplus() * -0.5, x[4].sigmoid()]
    }

    private func shapes(_ batch: Batch) -> [[Int]] {
        let (keys, heads) = (Self.keyHeads, Self.heads)
        return [
            [batch.count, keys, Self.keySize], [batch.count, keys, Self.keySize],
            [batch.count, heads, Self.valueSize], [batch.count, heads], [batch.count, heads],
        ]
    }

    /// The rule's definition, token by token.
    private func recurrence(_ x: [Tensor], _ batch: Batch) -> Tensor {
        let places = Tensor((0..<Self.heads).map { $0 / (Self.heads / Self.keyHeads) })
        let type = x[0].dtype
        var states: [Tensor] = []  // behind each token: [heads, key size, value size]
        let rows = batch.before.enumerated().map { token, before in
            func row(_ x: Tensor, _ shape: [Int]) -> Tensor {
                x.narrowed(0, start: token, length: 1).reshaped([x.shape[1]] + shape)
            }
            let query = row(x[0], [-1, 1]).selecting(places, along: 0)
            let key = row(x[1], [-1, 1]).selecting(places, along: 0)
            let zeros = Tensor.zeros([Self.heads, Self.keySize, Self.valueSize], dtype: type)
            let kept = (before.map { states[$0] } ?? zeros) * row(x[3], [1, 1]).exponential()
            let missing = row(x[2], [1, -1]) - (kept * key).sum(along: 1).reshaped([4, 1, -1])
            let state = kept + row(x[4], [1, 1]) * key * missing
            states.append(state)
            return (state * query).sum(along: 1).reshaped([1, Self.heads, -1])
        }
        return Tensor.concatenated(rows, along: 0) * (1 / Double(Self.keySize).squareRoot())
    }

    @Test("Chunks and branches equal the recurrence, and so do gradients", arguments: batches)
    func rule(_ batch: Batch) {
        // The decays of a chunk are cumulated: 6.5 times on a Xeon, 1.03e-6 at a gradient.
        expectSame(shapes(batch), roundings: 10) {
            let x = operands($0)
            return gatedDeltaRule(
                query: x[0],
                key: x[1],
                value: x[2],
                logDecay: x[3],
                strength: x[4],
                spans: batch.spans
            )
        } plain: {
            recurrence(operands($0), batch)
        }
    }

    @Test("Decays that leave nothing give no NaN")
    func vanishing() {
        let batch = Batch(prefix: 0, lengths: [100])
        let x = shapes(batch).enumerated().map { leaf($1, seed: UInt64($0)) }
        let result = gatedDeltaRule(
            query: x[0].value,
            key: x[1].value * 0.3,
            value: x[2].value,
            logDecay: x[3].value.softplus() * -1000,
            strength: x[4].value.sigmoid(),
            spans: batch.spans
        )
        result.sum().backward()
        #expect(result.isFinite)
        for input in x { #expect(input.gradient.isFinite) }
    }

    @Test("The convolution sees the tokens on the way to each", arguments: batches)
    func convolution(_ batch: Batch) {
        let weight = Generator(seed: 7).normal([3, 4])
        expectSame([[batch.count, 3]]) {
            $0[0].causallyConvolved(weight, spans: batch.spans)
        } plain: { x in
            let rows = batch.before.indices.map { token in
                var (sum, place) = (Tensor.zeros([1, 3], dtype: .float64), Optional(token))
                for tap in (0..<4).reversed() {
                    guard let row = place else { break }
                    let factors = weight.narrowed(1, start: tap, length: 1).to(.float64)
                    sum = sum + x[0].narrowed(0, start: row, length: 1) * factors.reshaped([1, 3])
                    place = batch.before[row]
                }
                return sum * sum.sigmoid()
            }
            return Tensor.concatenated(rows, along: 0)
        }
    }
}
