import Testing

@testable import Randomness

@Suite("Randomness")
struct RandomnessTests {
    private let golden: Golden.Randomness

    init() throws {
        golden = try Golden.load(Golden.Randomness.self, "randomness.json")
    }

    @Test("SplitMix64 gives the published numbers for seed 1234567")
    func publishedWords() {
        var generator = SplitMix64(seed: 1_234_567)
        // Known from other implementations of the algorithm, for instance Rosetta Code's.
        let published: [UInt64] = [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
        ]
        #expect(published.allSatisfy { $0 == generator.next() })
    }

    @Test("Words, bounded integers and permutations match the reference")
    func draws() {
        var generator = SplitMix64(seed: 1_234_567)
        #expect(golden.words == golden.words.map { _ in String(generator.next()) })
        for draws in golden.below {
            let values = (0..<8).map { seed in
                var generator = SplitMix64(seed: UInt64(seed))
                return generator.next(below: draws.bound)
            }
            #expect(values == draws.values, "bound \(draws.bound)")
        }
        var shuffler = SplitMix64(seed: 7)
        #expect(shuffler.permutation(of: 25) == golden.permutation)
    }

    @Test("Stream seeds match the reference")
    func streams() throws {
        for row in golden.streams {
            let stream = try #require(RandomStream(rawValue: row.name))
            let seed = try #require(UInt64(row.seed))
            let derived =
                switch row.indices.count {
                case 0: stream.seed(from: seed)
                case 1: stream.seed(from: seed, row.indices[0])
                default: stream.seed(from: seed, row.indices[0], row.indices[1])
                }
            #expect(String(derived) == row.derived)
        }
    }

    @Test("A permutation of a small set is each order equally often")
    func uniformPermutations() {
        var generator = RandomStream.order.generator(seed: 5)
        var counts: [[Int]: Int] = [:]
        for _ in 0..<6000 { counts[generator.permutation(of: 3), default: 0] += 1 }
        #expect(counts.count == 6)
        // Five standard deviations of a binomial with p = 1/6.
        #expect(counts.values.allSatisfy { abs($0 - 1000) < 145 })
    }

    @Test("Permutations of nothing and of one are themselves", arguments: [0, 1])
    func trivialPermutations(_ count: Int) {
        var generator = SplitMix64(seed: 1)
        #expect(generator.permutation(of: count) == Array(0..<count))
    }
}
