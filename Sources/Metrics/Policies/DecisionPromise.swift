/// What a policy of answering or abstaining is decided for.
public enum DecisionPromise: Equatable, Sendable {
    /// At most this share of the answers given is wrong, which is certified with this confidence.
    case error(atMost: Double, confidence: Double)
    /// The mean payoff is as high as it can be.
    case payoff(Payoffs)

    /// What a right answer, a wrong one and an abstention bring, in any unit; costs are negative.
    public struct Payoffs: Codable, Equatable, Sendable {
        /// What a right answer brings.
        public var right: Double
        /// What a wrong answer brings.
        public var wrong: Double
        /// What no answer brings.
        public var abstain: Double

        /// Payoffs, unchecked; see ``DecisionPromise/fault``.
        public init(right: Double, wrong: Double, abstain: Double) {
            self.right = right
            self.wrong = wrong
            self.abstain = abstain
        }

        /// The probability of being right from which a calibrated model should answer: where
        /// p · right + (1 - p) · wrong reaches the payoff of abstaining (Chow 1970).
        public var breakEven: Double { (abstain - wrong) / (right - wrong) }
    }

    /// What is wrong with the promise, as a clause; nil if it can be decided for.
    public var fault: String? {
        switch self {
        case .error(let limit, let confidence):
            for (name, value) in [("error", limit), ("confidence", confidence)]
            // Written so that NaN is found too.
            where !(value > 0 && value < 1) {
                return "\(name) is \(value) and should be between 0 and 1"
            }
            return nil
        case .payoff(let payoffs):
            let all = [payoffs.right, payoffs.wrong, payoffs.abstain]
            // So that sums over rows are finite, too.
            if let stray = all.first(where: { !(abs($0) <= 1e100) }) {
                return "a payoff is \(stray) and should be from -1e100 to 1e100"
            }
            return payoffs.right > payoffs.wrong
                ? nil
                : "right is \(payoffs.right) and should be more than wrong, \(payoffs.wrong)"
        }
    }
}

extension DecisionPromise: Codable {
    private enum CodingKeys: String, CodingKey { case error, confidence, payoffs }

    /// Reads `error` and `confidence`, or `payoffs`; throws `DecodingError` at anything else and at
    /// values with a ``fault``.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let payoffs = try container.decodeIfPresent(Payoffs.self, forKey: .payoffs) {
            self = .payoff(payoffs)
        } else {
            self = .error(
                atMost: try container.decode(Double.self, forKey: .error),
                confidence: try container.decode(Double.self, forKey: .confidence)
            )
        }
        if let fault {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: fault)
            )
        }
    }

    /// Writes `error` and `confidence`, or `payoffs`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .error(let limit, let confidence):
            try container.encode(limit, forKey: .error)
            try container.encode(confidence, forKey: .confidence)
        case .payoff(let payoffs):
            try container.encode(payoffs, forKey: .payoffs)
        }
    }
}
