/// How well each answer is given, on rows that all have the same answers to choose from.
public struct ClassReport: Equatable, Sendable {
    /// One of the answers.
    public struct Class: Equatable, Sendable {
        /// The answer's index.
        public var answer: Int
        /// Rows whose right answer it is.
        public var support: Int
        /// Rows that it was the answer to.
        public var answered: Int
        /// Rows that it was the right answer to.
        public var right: Int
        /// The share of its answers that is right; nil where it was never answered.
        public var precision: Double?
        /// The share of its rows that is found; nil where there is none.
        public var recall: Double?
        /// The harmonic mean of precision and recall, 2 · right / (support + answered); nil where
        /// it has neither rows nor answers.
        public var f1: Double?
        /// The mean confidence of its answers less their precision: how much too sure they are; nil
        /// where it was never answered.
        ///
        /// Calibration given the answer, as in Gupta and Ramdas 2022 (arXiv 2107.08353).
        public var overconfidence: Double?
    }

    /// A pair of answers of which one was given for the other.
    public struct Confusion: Equatable, Sendable {
        /// The right answer's index.
        public var label: Int
        /// The given answer's index.
        public var answer: Int
        /// How many rows.
        public var count: Int
    }

    /// The answers, the lowest F1 first, those without any last; of equals the more frequent first.
    public let classes: [Class]
    /// Wrong answers, the most frequent pair first; of equals the first labels first.
    public let confusions: [Confusion]

    /// The report of labelled predictions; nil where they differ in their number of answers.
    ///
    /// - Throws: ``MetricError`` if there are none, or one has no label or is not sound.
    public init?(_ predictions: [Prediction]) throws {
        let scores = try Scores(predictions)
        let count = predictions[0].probabilities.count
        guard predictions.allSatisfy({ $0.probabilities.count == count }) else { return nil }
        let zeros = [Int](repeating: 0, count: count)
        var (support, answered, right) = (zeros, zeros, zeros)
        var confidence = [Double](repeating: 0, count: count)
        var pairs: [[Int]: Int] = [:]
        for (prediction, sureness) in zip(predictions, scores.confidence) {
            guard let label = prediction.label else { continue }
            let answer = prediction.answer
            support[label] += 1
            answered[answer] += 1
            confidence[answer] += sureness
            if answer == label {
                right[answer] += 1
            } else {
                pairs[[label, answer], default: 0] += 1
            }
        }
        func share(_ part: Double, of whole: Int) -> Double? {
            whole > 0 ? part / Double(whole) : nil
        }
        classes = (0..<count)
            .map { answer in
                let hits = Double(right[answer])
                return Class(
                    answer: answer,
                    support: support[answer],
                    answered: answered[answer],
                    right: right[answer],
                    precision: share(hits, of: answered[answer]),
                    recall: share(hits, of: support[answer]),
                    f1: share(2 * hits, of: support[answer] + answered[answer]),
                    overconfidence: share(confidence[answer] - hits, of: answered[answer])
                )
            }
            .sorted { ($0.f1 ?? 2, -$0.support, $0.answer) < ($1.f1 ?? 2, -$1.support, $1.answer) }
        confusions = pairs.map { Confusion(label: $0.key[0], answer: $0.key[1], count: $0.value) }
            .sorted { (-$0.count, $0.label, $0.answer) < (-$1.count, $1.label, $1.answer) }
    }
}

/// The predictions that are worth a look.
public struct NotablePredictions: Equatable, Sendable {
    /// The wrong answers of the highest confidence, the most confident first.
    public let confidentMistakes: [Prediction]
    /// The predictions of the highest entropy, the most uncertain first.
    public let mostUncertain: [Prediction]

    /// At most `count` predictions of each kind; of equals the first of the file come first.
    public init(_ predictions: [Prediction], count: Int = 20) {
        func first(
            _ predictions: some Sequence<Prediction>,
            _ score: (Prediction) -> Double
        ) -> [Prediction] {
            predictions.map { (prediction: $0, score: score($0)) }.enumerated()
                .sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
                .prefix(count).map(\.element.prediction)
        }
        confidentMistakes = first(predictions.filter { $0.label != nil && $0.answer != $0.label }) {
            $0.probabilities[$0.answer]
        }
        mostUncertain = first(predictions) {
            PredictiveUncertainty.entropy(of: $0.probabilities)
        }
    }
}
