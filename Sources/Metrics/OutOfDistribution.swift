/// How well uncertainty tells examples of another task from those of the task a model learned.
///
/// Hendrycks and Gimpel 2017 (arXiv 1610.02136): the examples of the other task are the positives,
/// those of the model's own task the negatives, and the score is an uncertainty.
public struct OutOfDistribution: Codable, Equatable, Sendable {
    /// Detection by 1 - the probability of the most probable answer.
    public var maxProbability: Detection
    /// Detection by the entropy of the probabilities.
    public var entropy: Detection
    /// Detection by the mutual information of answer and parameters; nil where a prediction has
    /// none.
    public var mutualInformation: Detection?

    private enum CodingKeys: String, CodingKey {
        case maxProbability = "max_probability"
        case entropy
        case mutualInformation = "mutual_information"
    }

    /// Detection by each of the three uncertainties; labels do not count.
    ///
    /// - Parameters:
    ///   - inTask: Predictions of the model's own task, at least one.
    ///   - outOfTask: Predictions of another task, at least one.
    /// - Throws: ``MetricError`` where a prediction is not sound or a side has none.
    public init(inTask: [Prediction], outOfTask: [Prediction]) throws {
        for prediction in inTask + outOfTask {
            if let fault = prediction.fault {
                throw MetricError.unsound(id: prediction.id, reason: fault)
            }
        }
        func detection(_ score: (Prediction) -> Double) throws -> Detection {
            try Detection(inTask: inTask.map(score), outOfTask: outOfTask.map(score))
        }
        maxProbability = try detection { 1 - $0.probabilities[$0.answer] }
        entropy = try detection { PredictiveUncertainty.entropy(of: $0.probabilities) }
        let information = inTask.compactMap(\.mutualInformation)
        let otherInformation = outOfTask.compactMap(\.mutualInformation)
        if information.count == inTask.count, otherInformation.count == outOfTask.count {
            mutualInformation = try Detection(inTask: information, outOfTask: otherInformation)
        }
    }
}

extension OutOfDistribution {
    /// How well one score tells positives from negatives, where a higher score says positive.
    ///
    /// Examples of equal score are taken together, as scikit-learn does.
    public struct Detection: Codable, Equatable, Sendable {
        /// Area under the ROC curve: the probability that a positive scores higher than a negative,
        /// equal scores counting one half.
        public var auroc: Double
        /// Average precision, the area under the precision-recall curve without interpolation: the
        /// sum over thresholds of (rise of recall) · precision.
        public var aupr: Double
        /// The lowest false-positive rate among thresholds whose true-positive rate is at least
        /// 0.95.
        public var fpr95: Double

        /// Measures detection from the scores of both sides.
        ///
        /// - Parameters:
        ///   - inTask: Scores of the negatives, at least one.
        ///   - outOfTask: Scores of the positives, at least one.
        /// - Throws: ``MetricError/noDetection(reason:)`` without scores on a side or where one is
        ///   no number.
        public init(inTask: [Double], outOfTask: [Double]) throws {
            if inTask.isEmpty || outOfTask.isEmpty {
                throw MetricError.noDetection(
                    reason: "both need at least one example, but the task has \(inTask.count) and "
                        + "the other has \(outOfTask.count)"
                )
            }
            if (inTask + outOfTask).contains(where: \.isNaN) {
                throw MetricError.noDetection(reason: "an uncertainty is not a number")
            }
            let sorted =
                (inTask.map { (score: $0, positive: false) }
                + outOfTask.map { (score: $0, positive: true) })
                .sorted { $0.score > $1.score }
            let (positives, negatives) = (Double(outOfTask.count), Double(inTask.count))
            var (area, precision) = (0.0, 0.0)
            var falseRate: Double?
            // What a threshold at the group's score lets through.
            var (truePositives, falsePositives) = (0.0, 0.0)
            var rest = sorted[...]
            while let first = rest.first {
                let equals = rest.prefix { $0.score == first.score }
                let rise = Double(equals.count(where: \.positive))
                let run = Double(equals.count) - rise
                area += run * (truePositives + rise / 2)
                truePositives += rise
                falsePositives += run
                precision += rise * truePositives / (truePositives + falsePositives)
                if falseRate == nil, truePositives / positives >= 0.95 {
                    falseRate = falsePositives / negatives
                }
                rest = rest.dropFirst(equals.count)
            }
            auroc = area / (positives * negatives)
            aupr = precision / positives
            // The last threshold lets everything through.
            fpr95 = falseRate ?? 1
        }
    }
}
