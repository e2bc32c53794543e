/// How right the answers are when only the most confident ones are given.
///
/// El-Yaniv and Wiener 2010; Geifman and El-Yaniv 2017 (arXiv 1705.08500). Confidence is the
/// probability of the most probable answer, or another score that says how sure an answer is.
/// Examples of equal confidence count with the mean over all their orders, so that the order in the
/// file does not matter.
public struct SelectivePrediction: Equatable, Sendable {
    /// Risk: the share of wrong answers among the k + 1 most confident of n, at index k; the
    /// coverage there is (k + 1) / n.
    public let risks: [Double]

    /// The curve of `predictions`, from the surest to the least sure by a score.
    ///
    /// - Throws: ``MetricError`` if there are none, or one has no label or is not sound.
    public init(_ predictions: [Prediction], by score: CertaintyScore = .confidence) throws {
        let scores = try Scores(predictions)
        let groups = ConfidenceGroups(predictions.map(score.certainty), scores.correct)
        self.init(groups, counts: [Int](repeating: 1, count: scores.count))
    }

    /// The curve of a resample: `counts[i]` says how often example i is in it.
    fileprivate init(_ groups: ConfidenceGroups, counts: [Int]) {
        var risks: [Double] = []
        risks.reserveCapacity(counts.count)
        var errors = 0.0
        for group in groups.ranges {
            var size = 0
            var wrong = 0.0
            for place in group {
                let count = counts[groups.order[place]]
                size += count
                if groups.wrong[place] { wrong += Double(count) }
            }
            guard size > 0 else { continue }
            let before = risks.count
            for place in 1...size {
                let expected = errors + wrong * Double(place) / Double(size)
                risks.append(expected / Double(before + place))
            }
            errors += wrong
        }
        self.risks = risks
    }

    /// AURC, the area under the risk-coverage curve: the mean risk over all n coverages.
    public var areaUnderCurve: Double { risks.reduce(0, +) / Double(risks.count) }

    /// Accuracy among the most confident `percent` of the examples, rounded up to a whole example;
    /// at least one and at most all of them.
    public func accuracy(atCoverage percent: Int) -> Double {
        let share = Double(min(max(percent, 0), 100))
        let count = Int((share * Double(risks.count) / 100).rounded(.up))
        return 1 - risks[max(count, 1) - 1]
    }

    /// The largest coverage whose risk is at most `risk`, which someone who knew all labels would
    /// choose; 0 where no part of the most confident is as right.
    ///
    /// No promise: a threshold that keeps one is fitted on other examples.
    public func coverage(atRisk risk: Double) -> Double {
        let last = risks.lastIndex { $0 <= risk }
        return Double(last.map { $0 + 1 } ?? 0) / Double(risks.count)
    }
}

extension Metric {
    /// AURC, see ``SelectivePrediction/areaUnderCurve``.
    public static let aurc = Metric("aurc", "AURC", decimals: 4) { curve in
        curve.areaUnderCurve
    }
    /// Accuracy at 80% coverage, see ``SelectivePrediction/accuracy(atCoverage:)``.
    public static let accuracyAt80 = Metric(
        "accuracy_at_80",
        "ACC at 80%",
        isBetterHigher: true
    ) { curve in
        curve.accuracy(atCoverage: 80)
    }
    /// Accuracy at 90% coverage, see ``SelectivePrediction/accuracy(atCoverage:)``.
    public static let accuracyAt90 = Metric(
        "accuracy_at_90",
        "ACC at 90%",
        isBetterHigher: true
    ) { curve in
        curve.accuracy(atCoverage: 90)
    }

    /// Coverage at 5% risk, see ``SelectivePrediction/coverage(atRisk:)``.
    public static let coverageAt5 = Metric(
        "coverage_at_5",
        "coverage at 5%",
        isBetterHigher: true
    ) { curve in
        curve.coverage(atRisk: 0.05)
    }

    private init(
        _ name: String,
        _ title: String,
        isBetterHigher: Bool = false,
        decimals: Int = 3,
        of value: @escaping @Sendable (SelectivePrediction) -> Double
    ) {
        self.init(name, title, isBetterHigher: isBetterHigher, decimals: decimals) { scores in
            let groups = ConfidenceGroups(scores.confidence, scores.correct)
            return { counts in value(SelectivePrediction(groups, counts: counts)) }
        }
    }
}

/// Examples from the most to the least confident, with equals together.
private struct ConfidenceGroups {
    /// Examples by falling confidence.
    let order: [Int]
    /// Whether the answer to the example at this place of the order is wrong.
    let wrong: [Bool]
    /// Places of equal confidence.
    let ranges: [Range<Int>]

    init(_ confidence: [Double], _ correct: [Double]) {
        let order = confidence.indices.sorted { confidence[$0] > confidence[$1] }
        var ranges: [Range<Int>] = []
        var first = 0
        for place in order.indices.dropFirst()
        where confidence[order[place]] != confidence[order[first]] {
            ranges.append(first..<place)
            first = place
        }
        ranges.append(first..<order.count)
        self.order = order
        self.ranges = ranges
        wrong = order.map { correct[$0] == 0 }
    }
}
