/// What a model answered to one example.
public struct Prediction: Codable, Equatable, Sendable {
    /// The example's name, unique in its file.
    public var id: String
    /// Index of the right answer; nil where it is not known, which metrics do not allow.
    public var label: Int?
    /// Probability that each answer is right, where several may be; nil where ``label``, their most
    /// probable one, says all.
    public var targets: [Double]?
    /// Whether the answers are levels of a scale, lowest first; nil where they are not.
    public var ordered: Bool?
    /// Probability of each answer, averaged over the posterior's draws; they sum to 1.
    public var probabilities: [Double]
    /// Probability of each answer at the posterior mean, where that was computed too.
    public var meanProbabilities: [Double]?
    /// Mutual information of answer and parameters, in nats; nil where there were no draws.
    ///
    /// See ``PredictiveUncertainty/mutualInformation(of:)``.
    public var mutualInformation: Double?

    private enum CodingKeys: String, CodingKey {
        case id
        case label
        case targets
        case ordered
        case probabilities
        case meanProbabilities = "mean_probabilities"
        case mutualInformation = "mutual_information"
    }

    /// A prediction from its parts, unchecked; see ``fault``.
    public init(
        id: String,
        label: Int?,
        targets: [Double]? = nil,
        ordered: Bool? = nil,
        probabilities: [Double],
        meanProbabilities: [Double]? = nil,
        mutualInformation: Double? = nil
    ) {
        self.id = id
        self.label = label
        self.targets = targets
        self.ordered = ordered
        self.probabilities = probabilities
        self.meanProbabilities = meanProbabilities
        self.mutualInformation = mutualInformation
    }

    /// The same example as answered by the posterior mean; nil if that was not computed.
    public var atMean: Prediction? {
        meanProbabilities.map { mean in
            var result = self
            (result.probabilities, result.meanProbabilities) = (mean, nil)
            result.mutualInformation = nil
            return result
        }
    }

    /// Probability that each answer is right: ``targets``, or 1 for ``label``; none without either.
    public var distribution: [Double] {
        targets ?? label.map { label in probabilities.indices.map { $0 == label ? 1 : 0 } } ?? []
    }

    /// Index of the most probable answer; the first of equals.
    public var answer: Int {
        // `max` would give the last of equals.
        probabilities.indices.reduce(0) { probabilities[$1] > probabilities[$0] ? $1 : $0 }
    }

    /// What is wrong with the prediction, as a clause; nil if it is sound.
    ///
    /// Sound: at least one answer, probabilities within 0...1 that sum to 1 within 1e-3, as many
    /// at the mean and as targets, a finite mutual information of at least 0 where there is one,
    /// and a label that is absent or one of the answers' indices.
    public var fault: String? {
        if let fault = Self.fault(of: probabilities, named: "probabilities") { return fault }
        if let mean = meanProbabilities {
            if let fault = Self.fault(of: mean, named: "mean_probabilities") { return fault }
            if mean.count != probabilities.count {
                return "mean_probabilities has \(mean.count) values and probabilities has "
                    + "\(probabilities.count)"
            }
        }
        // Written so that NaN is found too.
        if let information = mutualInformation, !(information >= 0 && information.isFinite) {
            return "mutual_information is \(information) and should be finite and at least 0"
        }
        if let targets {
            if let fault = Self.fault(of: targets, named: "targets") { return fault }
            if targets.count != probabilities.count {
                return "targets has \(targets.count) values and probabilities has "
                    + "\(probabilities.count)"
            }
        }
        if let label, !probabilities.indices.contains(label) {
            return "label is \(label) and should be within 0...\(probabilities.count - 1)"
        }
        return nil
    }

    private static func fault(of probabilities: [Double], named name: String) -> String? {
        if probabilities.isEmpty { return "\(name) is empty" }
        // Written so that NaN is found too.
        if let stray = probabilities.first(where: { !($0 >= 0 && $0 <= 1) }) {
            return "\(name) holds \(stray) and should be within 0...1"
        }
        let sum = probabilities.reduce(0, +)
        return abs(sum - 1) <= 1e-3 ? nil : "\(name) sums to \(sum) and should sum to 1"
    }
}
