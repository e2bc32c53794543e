import Randomness

/// Compares methods with one reference, example by example and seed by seed.
///
/// A 95% percentile bootstrap over seeds and examples together (Owen 2007,
/// doi 10.1214/07-AOAS122): in each resample the same seeds and the same examples count for both
/// methods, so that what makes a seed or an example hard for both cancels out. All seeds of a
/// resample share its examples, as they were tested on the same ones. Of S seeds S - 1 are drawn,
/// which makes the variance over seeds that of the standard error; of one seed that one, which
/// leaves a bootstrap over the examples.
public struct PairedBootstrap: Sendable {
    private let bootstrap: Bootstrap
    private let seedCount: Int
    private let pairing: ExamplePairing
    private let reference: SeedMeans

    /// A method's metrics and their differences to the reference's.
    public struct Comparison: Equatable, Sendable {
        /// The mean of each metric over the seeds.
        public var values: [Metric: MetricValue]
        /// A difference for each metric, in the order of ``Metric/ofEveryExample``.
        public var differences: [PairedDifference]
    }

    /// Computes the reference's metrics over all resamples, which every method is compared with.
    ///
    /// - Parameters:
    ///   - reference: Predictions of the reference, one list of the same examples for each seed.
    ///   - resamples: Bootstrap resamples, at least one.
    ///   - seed: The resamples come from the `bootstrap` stream of this seed.
    /// - Throws: ``MetricError`` where there is no seed or resample, the seeds' examples differ, or
    ///   a prediction cannot be scored.
    public init(reference: [[Prediction]], resamples: Int = 1000, seed: UInt64 = 0) throws {
        guard resamples > 0 else { throw MetricError.noResamples(resamples) }
        guard let first = reference.first else {
            throw MetricError.unevenSeeds(method: 0, reference: 0)
        }
        bootstrap = Bootstrap(resamples: resamples, seed: seed)
        seedCount = reference.count
        pairing = try ExamplePairing(first)
        self.reference = try SeedMeans(pairing.scores(of: reference, "reference"), bootstrap)
    }

    /// The reference's metrics, without differences.
    public var own: Comparison {
        Comparison(values: reference.values(bootstrap), differences: [])
    }

    /// The metrics of a method, and how much each differs from the reference's.
    ///
    /// - Parameter method: Predictions of the method: the reference's examples in any order, for
    ///   the same seeds in the same order.
    /// - Returns: Values and differences, with intervals.
    /// - Throws: ``MetricError`` where seeds or examples are not the reference's or a prediction
    ///   cannot be scored.
    public func compare(_ method: [[Prediction]]) throws -> Comparison {
        guard method.count == seedCount else {
            throw MetricError.unevenSeeds(method: method.count, reference: seedCount)
        }
        let means = try SeedMeans(pairing.scores(of: method, "method"), bootstrap)
        let differences = Metric.ofEveryExample.indices.map { index in
            let resampled = zip(means.resampled[index], reference.resampled[index])
            let interval = bootstrap.interval(of: resampled.map { $0 - $1 })
            return PairedDifference(
                metric: Metric.ofEveryExample[index].name,
                value: means.whole[index] - reference.whole[index],
                lower: interval.lower,
                upper: interval.upper
            )
        }
        return Comparison(values: means.values(bootstrap), differences: differences)
    }
}

/// Every metric of one method, averaged over seeds.
private struct SeedMeans {
    /// Over all seeds and examples; one number a metric.
    let whole: [Double]
    /// One number a metric and resample.
    let resampled: [[Double]]

    init(_ scores: [Scores], _ bootstrap: Bootstrap) {
        let exampleCount = scores[0].count
        let statistics = Metric.ofEveryExample.map { scores.map($0.statistic) }
        func means(_ seeds: [Int], _ counts: [Int]) -> [Double] {
            statistics.map { statistic in
                seeds.reduce(0) { $0 + statistic[$1](counts) } / Double(seeds.count)
            }
        }
        // A generator of its own, so that the examples of a resample do not depend on the seeds.
        var generator = RandomStream.bootstrap.generator(seed: bootstrap.seed, 1)
        var resampled = [[Double]](repeating: [], count: statistics.count)
        bootstrap.forEachResample(exampleCount: exampleCount) { counts in
            let seeds = (0..<max(1, scores.count - 1)).map { _ in
                generator.next(below: scores.count)
            }
            for (index, mean) in means(seeds, counts).enumerated() {
                resampled[index].append(mean)
            }
        }
        whole = means(Array(scores.indices), [Int](repeating: 1, count: exampleCount))
        self.resampled = resampled
    }

    /// The means with their intervals.
    func values(_ bootstrap: Bootstrap) -> [Metric: MetricValue] {
        let values = zip(whole, resampled).map { value, resampled in
            let interval = bootstrap.interval(of: resampled)
            return MetricValue(value: value, lower: interval.lower, upper: interval.upper)
        }
        return Dictionary(uniqueKeysWithValues: zip(Metric.ofEveryExample, values))
    }
}

/// The examples that all lists of predictions must hold, in the order in which they are compared.
private struct ExamplePairing {
    private let labels: [Int?]
    private let places: [String: Int]

    init(_ predictions: [Prediction]) throws {
        labels = predictions.map(\.label)
        places = Dictionary(
            zip(predictions.map(\.id), predictions.indices),
            uniquingKeysWith: { first, _ in first }
        )
        // The list is compared with itself, too, which finds what it holds twice.
    }

    /// The scores of each seed's predictions, in the order of the examples.
    func scores(of seeds: [[Prediction]], _ name: String) throws -> [Scores] {
        try seeds.enumerated().map { index, predictions in
            try Scores(paired(predictions, "seed \(index + 1) of the \(name)"))
        }
    }

    private func paired(_ predictions: [Prediction], _ name: String) throws -> [Prediction] {
        var ordered = [Prediction?](repeating: nil, count: labels.count)
        for prediction in predictions {
            let id = prediction.id
            guard let place = places[id] else {
                throw failure("\(name) has the example \"\(id)\" and seed 1 of the reference not")
            }
            guard ordered[place] == nil else { throw failure("\(name) has \"\(id)\" twice") }
            guard prediction.label == labels[place] else {
                throw failure(
                    "\(name) has another label for \"\(id)\" than seed 1 of the reference"
                )
            }
            ordered[place] = prediction
        }
        let found = ordered.compactMap { $0 }
        if found.count < ordered.count {
            let absent = places.filter { ordered[$0.value] == nil }.min { $0.value < $1.value }
            throw failure(
                "\(name) lacks \"\(absent?.key ?? "")\", which seed 1 of the reference has"
            )
        }
        return found
    }

    private func failure(_ reason: String) -> MetricError { .unpaired(reason: reason) }
}
