/// A number that says how well a score tells examples of another task from those of the own one.
public enum SeparationMetric: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
    /// Area under the ROC curve; 0.5 is chance.
    case auroc
    /// Area under the precision-recall curve.
    case aupr
    /// Share of own examples taken for others where 95% of the others are found.
    case fpr95

    /// The name at the head of a column.
    var title: String { rawValue.uppercased() }

    /// Whether more is better.
    var isBetterHigher: Bool { self != .fpr95 }
}

/// A score of how uncertain an answer is.
public enum UncertaintyScore: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
    /// 1 - probability of the answer.
    case maxProbability = "max_probability"
    /// Entropy of the averaged probabilities.
    case entropy
    /// Mutual information of answer and parameters; only methods with draws have it.
    case mutualInformation = "mutual_information"

    /// The name in a column's head.
    var title: String {
        switch self {
        case .maxProbability: "1\u{A0}-\u{A0}max\u{A0}p"
        case .entropy: "entropy"
        case .mutualInformation: "MI"
        }
    }
}

/// What a method costs, by its key in `results.json`.
public enum CostMetric: String, CaseIterable, Codable, CodingKeyRepresentable, Sendable {
    /// Seconds of training, of all runs that the method needs.
    case trainingSeconds = "training_seconds"
    /// Seconds between training and the first answer, such as for curvature.
    case extraSeconds = "extra_seconds"
    /// Forward passes for an answer.
    case forwardPasses = "forward_passes"
    /// Backward passes for an answer, as a linearised prediction needs them.
    case backwardPasses = "backward_passes"
    /// Bytes to keep beside the adapter.
    case extraBytes = "extra_bytes"
    /// The most memory the process took, in bytes.
    case peakMemoryBytes = "peak_memory_bytes"

    /// The name at the head of a column, with the unit.
    var title: String {
        switch self {
        case .trainingSeconds: "training (s)"
        case .extraSeconds: "extra (s)"
        case .forwardPasses: "forward passes an answer"
        case .backwardPasses: "backward passes an answer"
        case .extraBytes: "extra on disk (MB)"
        case .peakMemoryBytes: "peak memory (MB)"
        }
    }

    /// The number in the unit of the title, for people.
    func text(_ value: Double) -> String {
        switch self {
        case .trainingSeconds, .extraSeconds: value.fixed(1)
        case .forwardPasses, .backwardPasses: value.fixed(value == value.rounded() ? 0 : 1)
        case .extraBytes: (value / 1e6).fixed(2)
        case .peakMemoryBytes: (value / 1e6).fixed(0)
        }
    }
}
