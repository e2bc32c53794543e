/// How right the answers are when only the most confident ones are given.
///
/// El-Yaniv and Wiener 2010; Geifman and El-Yaniv 2017 (arXiv 1705.08500). Confidence is the
/// probability of the most probable answer. Examples of equal confidence count with the mean over
/// all their orders, so that the order in the file does not matter.
public struct SelectivePrediction: Equatable, Sendable {
    /// Risk: the share of wrong answers among the k + 1 most confident of n, at index k; the
    /// coverage there is (k + 1) / n.
    public let risks: [Double]

    /// The curve of `predictions`.
    ///
    /// - Throws: ``MetricError`` if there are none, or one has no label or is not sound.
    public init(_ predictions: [Prediction]) throws {
        let scores = try Scores(predictions)
        let order = scores.confidence.indices.sorted {
            scores.confidence[$0] > scores.confidence[$1]
        }
        var risks: [Double] = []
        var errors = 0.0
        var rest = order[...]
        while let first = rest.first {
            let equals = rest.prefix { scores.confidence[$0] == scores.confidence[first] }
            let wrong = equals.reduce(0) { $0 + 1 - scores.correct[$1] }
            let before = risks.count
            for place in 1...equals.count {
                let expected = errors + wrong * Double(place) / Double(equals.count)
                risks.append(expected / Double(before + place))
            }
            errors += wrong
            rest = rest.dropFirst(equals.count)
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
}
