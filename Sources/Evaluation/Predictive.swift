import TextTasks

/// How a model with a posterior answers: averaged over draws of its parameters
/// (``DrawnAnswers``), or linearised around their mean.
public protocol Predictive {
    /// Number of draws of the parameters behind an answer; 1 without draws.
    var drawCount: Int { get }

    /// Factor of the posterior's variance (τ); 0 for a point estimate.
    var varianceScale: Double { get }

    /// Answers to examples at each of some variance scales, by the same noise: [scales][examples];
    /// at a scale other than 0 beside those at the mean.
    ///
    /// Batches have at most `maximumTokens` tokens; `progress` is told how many batches of how
    /// many are done, by this process.
    ///
    /// - Throws: `TorchError` when the engine fails, at the batch that it fails in.
    func predictions(
        _ examples: [EncodedExample],
        at varianceScales: [Double],
        maximumTokens: Int,
        progress: (_ done: Int, _ of: Int) -> Void
    ) throws -> [[AveragedPrediction]]
}

extension Predictive {
    /// Answers to examples, each averaged over the orders of its options; `answers` gives those to
    /// examples in one order: [scales][examples].
    public func averagedOverOrders(
        _ examples: [EncodedExample],
        _ answers: ([EncodedExample]) throws -> [[AveragedPrediction]]
    ) throws -> [[AveragedPrediction]] {
        guard examples.contains(where: { !$0.otherOrders.isEmpty }) else {
            return try answers(examples)
        }
        return try answers(examples.flatMap(\.inAllOrders)).map { answers in
            var rest = answers[...]
            return try examples.map { example in
                let own = Array(rest.prefix(1 + example.otherOrders.count))
                rest = rest.dropFirst(own.count)
                return own.count == 1 ? own[0] : try AveragedPrediction(example, in: own)
            }
        }
    }

    /// Answers to examples, beside those at the mean where the two differ.
    ///
    /// - Throws: as the method for several variance scales does.
    public func predictions(
        _ examples: [EncodedExample],
        maximumTokens: Int = 1024,
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws -> [AveragedPrediction] {
        try predictions(
            examples,
            at: [varianceScale],
            maximumTokens: maximumTokens,
            progress: progress
        )[0]
    }
}
