import Foundation
import Metrics
import Testing

@Suite("Paired differences")
struct PairedDifferenceTests {
    private func example(_ id: String, _ label: Int?, _ first: Double) -> Prediction {
        Prediction(id: id, label: label, probabilities: [first, 1 - first])
    }

    @Test("Values and differences match the reference, resample for resample", arguments: [1, 3])
    func reference(_ seeds: Int) throws {
        let golden = try ComparisonGolden.load().paired
        let expected = seeds == 1 ? golden.oneSeed : golden.expected
        let bootstrap = try PairedBootstrap(
            reference: Array(golden.reference.prefix(seeds)),
            resamples: golden.resamples,
            seed: golden.seed
        )
        let found = try bootstrap.compare(Array(golden.method.prefix(seeds)))
        #expect(found.differences.map(\.metric) == Metric.ofEveryExample.map(\.name))
        for (metric, difference) in zip(Metric.ofEveryExample, found.differences) {
            let value = try #require(found.values[metric])
            let pairs = [
                ([value.value, value.lower, value.upper], expected.values[metric.name]),
                (
                    [difference.value, difference.lower, difference.upper],
                    expected.differences[metric.name]
                ),
            ]
            for (numbers, golden) in pairs {
                for (one, other) in zip(numbers, try #require(golden)) {
                    #expect(abs(one - other) < 1e-12, "\(metric.name)")
                }
            }
        }
    }

    @Test("With one seed, or seeds that are all the same, the interval is that over examples")
    func oneSeed() throws {
        let seeds = try ComparisonGolden.load().paired.method
        let alone = try PairedBootstrap(reference: [seeds[0]], resamples: 50, seed: 9)
        let summary = try MetricSummary(seeds[0], resamples: 50, seed: 9)
        let same = [seeds[0], Array(seeds[0]), seeds[0]]
        let equal = try PairedBootstrap(reference: same, resamples: 50, seed: 9)
        for metric in Metric.ofRuns {
            #expect(alone.own.values[metric] == summary[metric])
            let (one, other) = (try #require(equal.own.values[metric]), summary[metric])
            #expect(abs(one.lower - other.lower) < 1e-12 && abs(one.upper - other.upper) < 1e-12)
        }
    }

    @Test("Where the examples do not differ, the interval is that over the seeds")
    func seedsAlone() throws {
        func seed(_ first: Double) -> [Prediction] { (0..<9).map { example("\($0)", 0, first) } }
        let two = try PairedBootstrap(reference: [seed(0.5), seed(0.75)], resamples: 200)
        let nll = try #require(two.own.values[.nll])
        // One of the two seeds in each resample.
        #expect(abs(nll.lower + log(0.75)) < 1e-12 && abs(nll.upper + log(0.5)) < 1e-12)
        // Differences are of the same seed: a lead that all seeds have has no width.
        let better = try two.compare([seed(0.6), seed(0.9)]).differences.first {
            $0.metric == "nll"
        }
        let lead = try #require(better)
        for number in [lead.value, lead.lower, lead.upper] {
            #expect(abs(number + log(1.2)) < 1e-12)
        }
    }

    @Test("A method differs from itself by exactly nothing, whatever its order of examples")
    func itself() throws {
        let golden = try ComparisonGolden.load().paired
        let bootstrap = try PairedBootstrap(reference: golden.reference, resamples: 50)
        let shuffled = golden.reference.map { Array($0.reversed()) }
        for difference in try bootstrap.compare(shuffled).differences {
            #expect((difference.value, difference.lower, difference.upper) == (0, 0, 0))
        }
    }

    @Test("A constant lead in probability has an interval without width")
    func constantLead() throws {
        let hard = (0..<40).map { example("\($0)", 0, 0.3) }
        let harder = (0..<40).map { example("\($0)", 0, 0.2) }
        let nll = try #require(
            try PairedBootstrap(reference: [harder, harder], resamples: 50)
                .compare([hard, hard]).differences.first { $0.metric == "nll" }
        )
        for number in [nll.value, nll.lower, nll.upper] {
            #expect(abs(number - log(2.0 / 3)) < 1e-12)
        }
    }

    @Test("Infinite metrics give infinite differences or none, which files keep")
    func infinities() throws {
        let impossible = [example("a", 1, 1), example("b", 1, 1)]
        let possible = [example("a", 1, 0.5), example("b", 1, 0.5)]
        func nll(_ method: [Prediction], _ reference: [Prediction]) throws -> PairedDifference {
            let bootstrap = try PairedBootstrap(reference: [reference], resamples: 20)
            return try #require(
                try bootstrap.compare([method]).differences.first { $0.metric == "nll" }
            )
        }
        let cases = [
            (try nll(impossible, possible), "inf"), (try nll(possible, impossible), "-inf"),
            (try nll(impossible, impossible), "nan"),
        ]
        for (difference, text) in cases {
            let data = try JSONEncoder().encode(difference)
            let object = try #require(
                try JSONSerialization.jsonObject(with: data) as? [String: String]
            )
            #expect(object == ["metric": "nll", "value": text, "lower": text, "upper": text])
            let read = try JSONDecoder().decode(PairedDifference.self, from: data)
            // NaN does not equal itself.
            for number in [read.value, read.lower, read.upper] {
                #expect(number == Double(text) || number.isNaN && text == "nan")
            }
        }
        let broken = Data(#"{"metric":"nll","value":"0","lower":0,"upper":1}"#.utf8)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(PairedDifference.self, from: broken)
        }
    }

    @Test("Other seeds, examples or labels throw a sentence that names them")
    func errors() throws {
        let whole = [example("a", 0, 0.5), example("b", 1, 0.5)]
        let bootstrap = try PairedBootstrap(reference: [whole, whole], resamples: 2)
        let cases: [([[Prediction]], String)] = [
            ([whole], "but the method has 1 and the reference has 2"),
            ([whole, [whole[0]]], "seed 2 of the method lacks \"b\""),
            (
                [whole + [example("c", 0, 0.5)], whole],
                "seed 1 of the method has the example \"c\""
            ),
            ([whole, whole + [whole[1]]], "seed 2 of the method has \"b\" twice"),
            (
                [whole, [whole[0], example("b", 0, 0.5)]],
                "seed 2 of the method has another label for \"b\" than seed 1 of the reference"
            ),
            ([whole, [whole[0], example("b", 1, 2)]], "the prediction \"b\" cannot be used"),
        ]
        for (method, expected) in cases {
            let error = #expect(throws: MetricError.self) {
                try bootstrap.compare(method)
            }
            #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
        }
        #expect(throws: MetricError.unevenSeeds(method: 0, reference: 0)) {
            try PairedBootstrap(reference: [])
        }
        #expect(throws: MetricError.noPredictions) { try PairedBootstrap(reference: [[], []]) }
        #expect(throws: MetricError.noResamples(0)) {
            try PairedBootstrap(reference: [whole], resamples: 0)
        }
        #expect(throws: MetricError.noLabel(id: "a")) {
            try PairedBootstrap(reference: [[example("a", nil, 0.5)]])
        }
        #expect(
            throws: MetricError.unpaired(reason: "seed 1 of the reference has \"a\" twice")
        ) { try PairedBootstrap(reference: [[whole[0], whole[0]]]) }
    }
}

@Suite("Summaries over seeds")
struct SeedSummaryTests {
    @Test("Mean and standard error match SciPy")
    func reference() throws {
        let golden = try ComparisonGolden.load().seeds
        let found = try #require(SeedSummary(golden.values))
        #expect(abs(found.mean - golden.mean) < 1e-15)
        #expect(abs((found.standardError ?? 0) - golden.standardError) < 1e-15)
        #expect(found.seeds == golden.values.count)
    }

    @Test("One seed has no error, none has no summary, infinity stays")
    func extremes() throws {
        #expect(SeedSummary([]) == nil)
        let one = try #require(SeedSummary([0.25]))
        #expect(one.mean == 0.25 && one.standardError == nil && one.seeds == 1)
        let infinite = try #require(SeedSummary([1, .infinity]))
        #expect(infinite.mean == .infinity && infinite.standardError == nil)
        var bounded = infinite
        bounded.interval = 0.5...(.infinity)
        for summary in [one, infinite, bounded] {
            let data = try JSONEncoder().encode(summary)
            #expect(try JSONDecoder().decode(SeedSummary.self, from: data) == summary)
        }
    }
}
