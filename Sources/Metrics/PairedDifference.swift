/// How much a method's metric differs from a reference's, on the same examples and seeds.
///
/// A difference that has no value, as both metrics are infinite, is NaN. In JSON a number that is
/// not finite is the string `"inf"`, `"-inf"` or `"nan"`.
public struct PairedDifference: Codable, Equatable, Sendable {
    /// The metric's key, see ``Metric/allCases``.
    public var metric: String
    /// The mean over seeds of the method's metric minus the reference's.
    public var value: Double
    /// The 2.5% quantile over resamples of the examples.
    public var lower: Double
    /// The 97.5% quantile over resamples of the examples.
    public var upper: Double

    private enum CodingKeys: String, CodingKey {
        case metric
        case value
        case lower
        case upper
    }

    /// A difference and its interval.
    public init(metric: String, value: Double, lower: Double, upper: Double) {
        self.metric = metric
        self.value = value
        self.lower = lower
        self.upper = upper
    }

    /// Reads what ``encode(to:)`` writes; throws `DecodingError` at anything else.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func number(_ key: CodingKeys) throws -> Double {
            try container.number(forKey: key, orOneOf: ["inf", "-inf", "nan"])
        }
        metric = try container.decode(String.self, forKey: .metric)
        value = try number(.value)
        lower = try number(.lower)
        upper = try number(.upper)
    }

    /// Writes the metric's key and three numbers.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(metric, forKey: .metric)
        try container.encode(number: value, forKey: .value)
        try container.encode(number: lower, forKey: .lower)
        try container.encode(number: upper, forKey: .upper)
    }
}

/// Compares methods with one reference, example by example and seed by seed.
///
/// A 95% percentile bootstrap over the examples: in each resample the same examples count for both
/// methods and for every seed, so that what makes an example hard for all cancels out. The spread
/// over seeds is not in the interval; see ``SeedSummary``.
public struct PairedBootstrap: Sendable {
    private let bootstrap: Bootstrap
    private let seedCount: Int
    private let pairing: ExamplePairing
    private let reference: SeedMeans

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

    /// How much each metric of a method differs from the reference's.
    ///
    /// - Parameter method: Predictions of the method: the reference's examples in any order, for
    ///   as many seeds.
    /// - Returns: A difference for each metric, in the order of ``Metric/allCases``.
    /// - Throws: ``MetricError`` where seeds or examples are not the reference's or a prediction
    ///   cannot be scored.
    public func differences(of method: [[Prediction]]) throws -> [PairedDifference] {
        guard method.count == seedCount else {
            throw MetricError.unevenSeeds(method: method.count, reference: seedCount)
        }
        let means = try SeedMeans(pairing.scores(of: method, "method"), bootstrap)
        return Metric.allCases.indices.map { index in
            let resampled = zip(means.resampled[index], reference.resampled[index])
            let interval = bootstrap.interval(of: resampled.map { $0 - $1 })
            return PairedDifference(
                metric: Metric.allCases[index].name,
                value: means.values[index] - reference.values[index],
                lower: interval.lower,
                upper: interval.upper
            )
        }
    }
}

/// Every metric of one method, averaged over seeds.
private struct SeedMeans {
    /// Over all examples; one number a metric.
    let values: [Double]
    /// One number a metric and resample.
    let resampled: [[Double]]

    init(_ scores: [Scores], _ bootstrap: Bootstrap) {
        let exampleCount = scores[0].count
        let statistics = Metric.allCases.map { scores.map($0.statistic) }
        func means(_ counts: [Int]) -> [Double] {
            statistics.map { seeds in
                seeds.reduce(0) { $0 + $1(counts) } / Double(seeds.count)
            }
        }
        var resampled = [[Double]](repeating: [], count: statistics.count)
        bootstrap.forEachResample(exampleCount: exampleCount) { counts in
            for (index, mean) in means(counts).enumerated() { resampled[index].append(mean) }
        }
        values = means([Int](repeating: 1, count: exampleCount))
        self.resampled = resampled
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
