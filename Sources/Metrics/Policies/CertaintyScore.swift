/// A number that says how sure an answer is, which a policy compares with its threshold.
public enum CertaintyScore: String, CaseIterable, Codable, Sendable {
    /// The probability of the most probable answer: high is sure.
    case confidence
    /// The entropy of the probabilities, in nats: low is sure.
    case entropy
    /// The mutual information of answer and parameters, in nats: low is sure.
    case mutualInformation = "mutual_information"

    /// Whether a higher score is a surer answer.
    public var isSurerHigher: Bool { self == .confidence }

    /// The score of a prediction; a prediction without draws has no mutual information, which
    /// counts as 0.
    public func value(of prediction: Prediction) -> Double {
        switch self {
        case .confidence: prediction.probabilities[prediction.answer]
        case .entropy: PredictiveUncertainty.entropy(of: prediction.probabilities)
        case .mutualInformation: prediction.mutualInformation ?? 0
        }
    }

    /// The score with the sign at which more is surer.
    func certainty(of prediction: Prediction) -> Double {
        isSurerHigher ? value(of: prediction) : -value(of: prediction)
    }

    /// The score that ranks right answers best before wrong ones: that of the lowest
    /// ``SelectivePrediction/areaUnderCurve``, and of equals the first.
    ///
    /// Mutual information counts where all predictions have it.
    ///
    /// - Throws: ``MetricError`` if there are none, or one has no label or is not sound.
    static func best(for predictions: [Prediction]) throws -> CertaintyScore {
        let hasInformation = predictions.allSatisfy { $0.mutualInformation != nil }
        let areas = try allCases.filter { $0 != .mutualInformation || hasInformation }
            .map { (score: $0, area: try SelectivePrediction(predictions, by: $0).areaUnderCurve) }
        // Scores that rank alike may differ by rounding.
        return areas.dropFirst().reduce(areas[0]) { $1.area < $0.area - 1e-12 ? $1 : $0 }.score
    }
}
