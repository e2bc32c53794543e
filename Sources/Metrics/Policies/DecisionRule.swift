/// Which predictions are answered: those at least as sure as a threshold, all, or none.
public struct DecisionRule: Codable, Equatable, Sendable {
    /// How many predictions are answered.
    public enum Answers: String, Codable, Sendable {
        /// Every one.
        case all
        /// Those that the threshold lets through.
        case some
        /// None.
        case none
    }

    /// The score that is compared with the threshold.
    public var score: CertaintyScore
    /// How many predictions are answered.
    public var answers: Answers
    /// The score of the least sure prediction that is answered, where some are.
    public var threshold: Double?

    /// The rule that answers from a certainty on; infinities stand for all and none.
    init(_ score: CertaintyScore, from certainty: Double) {
        self.score = score
        if certainty.isFinite {
            answers = .some
            threshold = score.isSurerHigher ? certainty : -certainty
        } else {
            answers = certainty < 0 ? .all : .none
        }
    }

    /// Whether a prediction is answered.
    public func answers(_ prediction: Prediction) -> Bool {
        switch (answers, threshold) {
        case (.all, _): true
        case (.some, let threshold?):
            score.isSurerHigher
                ? score.value(of: prediction) >= threshold
                : score.value(of: prediction) <= threshold
        // Whoever wrote a rule without its threshold is not taken to promise anything.
        case (.none, _), (.some, nil): false
        }
    }
}
