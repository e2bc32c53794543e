/// When to answer and when to abstain, decided on a validation part and tried on a test part.
///
/// What it promises holds for rows that could as well have been rows of the validation part
/// (exchangeability): it is broken by data of another kind, and by other draws, prompts or models
/// than the policy was decided with.
public struct DecisionPolicy: Codable, Equatable, Sendable {
    /// What the policy is for.
    public var promise: DecisionPromise
    /// Which predictions are answered.
    public var rule: DecisionRule
    /// The rows that the rule was tested on, or with payoffs chosen on.
    public var validation: Outcome
    /// All rows of the test part, where there is one.
    public var test: Outcome?
    /// Validation rows with which a promise that could not be certified might be, at the error that
    /// was observed; nil where it was certified, or where no number of rows would do.
    public var rowsNeeded: Int?

    private enum CodingKeys: String, CodingKey {
        case promise, rule, validation, test
        case rowsNeeded = "rows_needed"
    }

    /// How a rule does on some predictions.
    public struct Outcome: Codable, Equatable, Sendable {
        /// The share of predictions that are answered.
        public var coverage: Proportion
        /// The share of wrong answers among those given; nil where none is.
        public var error: Proportion?
        /// The mean payoffs, for a policy of payoffs.
        public var payoff: MeanPayoffs?
    }

    /// The mean payoff an example of several ways to answer.
    public struct MeanPayoffs: Codable, Equatable, Sendable {
        /// Of the policy.
        public var policy: Double
        /// Of answering from the confidence that pays for a calibrated model, see
        /// ``DecisionPromise/Payoffs/breakEven``.
        public var closedForm: Double
        /// Of answering everything.
        public var answeringAll: Double

        private enum CodingKeys: String, CodingKey {
            case policy
            case closedForm = "closed_form"
            case answeringAll = "answering_all"
        }
    }

    /// Decides for a promise.
    ///
    /// - Parameters:
    ///   - promise: What the policy is for.
    ///   - validation: Labelled predictions, at least two, that neither training nor any other
    ///     choice has seen.
    ///   - test: Labelled predictions to try the policy on; none where there is no test part.
    /// - Throws: ``MetricError`` where a prediction cannot be scored, or there are too few, or the
    ///   promise has a ``DecisionPromise/fault``.
    public init(
        _ promise: DecisionPromise,
        validation: [Prediction],
        test: [Prediction] = []
    ) throws {
        if let fault = promise.fault { throw MetricError.noPolicy(reason: fault) }
        guard validation.count > 1 else {
            throw MetricError.noPolicy(
                reason: "it needs at least 2 predictions of validation and there are "
                    + "\(validation.count)"
            )
        }
        // All rows at once, so that a fault is found in every one.
        _ = try Scores(validation)
        self.promise = promise
        switch promise {
        case .error(let limit, let confidence):
            let found = try CertifiedThreshold(validation, limit: limit, confidence: confidence)
            rule = DecisionRule(found.score, from: found.certainty)
            let testing = CertifiedThreshold.folds(validation).testing
            self.validation = try Outcome(rule, promise, testing)
            rowsNeeded = found.rowsNeeded
        case .payoff(let payoffs):
            let found = try PayoffThreshold(validation, payoffs)
            rule = DecisionRule(found.score, from: found.certainty)
            self.validation = try Outcome(rule, promise, validation)
        }
        self.test = test.isEmpty ? nil : try Outcome(rule, promise, test)
    }

    /// Whether the answers given on the test part keep the promised error; nil where no error is
    /// promised, there is no test part, or it got no answer.
    public var isKept: Bool? {
        guard case .error(let limit, _) = promise, let error = test?.error else { return nil }
        return error.value <= limit
    }
}

extension DecisionPolicy.Outcome {
    package init(
        _ rule: DecisionRule,
        _ promise: DecisionPromise,
        _ predictions: [Prediction]
    ) throws {
        let correct = try Scores(predictions).correct
        let answered = predictions.map(rule.answers)
        let wrong = zip(answered, correct).count { $0 && $1 == 0 }
        let count = answered.count { $0 }
        guard let coverage = Proportion(count, of: predictions.count) else {
            throw MetricError.noPredictions
        }
        self.coverage = coverage
        error = Proportion(wrong, of: count)
        guard case .payoff(let payoffs) = promise else { return }
        func mean(_ answers: (Prediction) -> Bool) -> Double {
            let sum = zip(predictions, correct).reduce(0) { sum, row in
                guard answers(row.0) else { return sum + payoffs.abstain }
                return sum + (row.1 == 1 ? payoffs.right : payoffs.wrong)
            }
            return sum / Double(predictions.count)
        }
        payoff = DecisionPolicy.MeanPayoffs(
            policy: mean(rule.answers),
            closedForm: mean { $0.probabilities[$0.answer] >= payoffs.breakEven },
            answeringAll: mean { _ in true }
        )
    }
}
