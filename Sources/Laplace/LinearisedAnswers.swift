import Evaluation
import Foundation
import Metrics
import Posteriors
import TextTasks
import Torch

/// Answers of a Laplace approximation through the model linearised at the mean: for parameters with
/// covariance `P⁻¹` the logits are normal with covariance `J P⁻¹ Jᵀ`.
///
/// Immer, Korzepa and Bauer 2021, arXiv 2008.08711; for adapters Yang et al. 2023,
/// arXiv 2308.13111. Each batch takes one forward pass, and one backward pass for each answer but
/// one. No parameter is drawn.
public struct LinearisedAnswers: Predictive {
    /// One: no parameter is drawn.
    public let drawCount = 1
    /// Factor of the posterior's variance (τ).
    public let varianceScale: Double
    private let kind: any LaplacePosterior
    private let scorer: AnswerScorer
    private let temperature: Double

    /// Answers of `kind` around the mean that the adapters of `scorer` hold; logits are divided by
    /// `temperature`.
    public init(
        _ kind: any LaplacePosterior,
        _ scorer: AnswerScorer,
        varianceScale: Double = 1,
        temperature: Double = 1
    ) {
        self.kind = kind
        self.scorer = scorer
        self.varianceScale = varianceScale
        self.temperature = temperature
    }

    /// Answers averaged over the distribution of the logits; one pass serves all scales.
    public func predictions(
        _ examples: [EncodedExample],
        at varianceScales: [Double],
        maximumTokens: Int,
        progress: (_ done: Int, _ of: Int) -> Void
    ) throws -> [[AveragedPrediction]] {
        try averagedOverOrders(examples) { examples in
            let logits = try logits(of: examples, maximumTokens: maximumTokens, progress: progress)
            return varianceScales.map { scale in
                zip(examples, zip(logits, logits.predictive(varianceScale: scale))).map {
                    AveragedPrediction(Prediction($0, $1.0, $1.1))
                }
            }
        }
    }

    /// The distribution of each example's logits.
    ///
    /// `progress` is told how many batches of how many are done.
    ///
    /// - Throws: `TorchError` when the engine fails.
    public func logits(
        of examples: [EncodedExample],
        maximumTokens: Int = 1024,
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws -> [LogitDistribution] {
        try logits(of: examples, under: [kind], maximumTokens, progress).map {
            $0[0].divided(by: temperature)
        }
    }

    /// The prior precision, out of some, that gives the labels of the examples the highest
    /// likelihood; the first of equals.
    ///
    /// Every example must have a label. One pass over the examples serves all precisions.
    ///
    /// - Throws: `TorchError` when the engine fails.
    public func bestPriorPrecision(
        of precisions: [Double],
        for examples: [EncodedExample],
        maximumTokens: Int = 1024
    ) throws -> Double? {
        let candidates = precisions.map { precision in
            var candidate = kind
            candidate.priorPrecision = precision
            return candidate
        }
        let logits = try logits(of: examples, under: candidates, maximumTokens) { _, _ in }
        let losses = precisions.indices.map { candidate in
            let answers = logits.map { $0[candidate] }.predictive(varianceScale: 1)
            return zip(examples, answers).reduce(0) { sum, pair in
                guard let label = pair.0.label else {
                    preconditionFailure("a likelihood needs the label of every example")
                }
                return sum - log(pair.1.probabilities[label])
            }
        }
        return losses.indices.min { losses[$0] < losses[$1] }.map { precisions[$0] }
    }

    /// The distribution of each example's logits under each posterior: [examples][posteriors].
    func logits(
        of examples: [EncodedExample],
        under posteriors: [any LaplacePosterior],
        _ maximumTokens: Int,
        _ progress: (_ done: Int, _ of: Int) -> Void
    ) throws -> [[LogitDistribution]] {
        let order = EvaluationBatches(
            lengths: examples.map(\.length),
            maximumTokens: maximumTokens
        )
        var done = 0
        return try withTorchErrors {
            try order.map { indices in
                let pass = try RecordedPass(indices.map { examples[$0] }, scorer)
                let functions = pass.gradients(pass.answerCounts.map(Self.contrasts))
                let batch = try withoutGradients { try distributions(pass, functions, posteriors) }
                done += 1
                progress(done, order.batches.count)
                return batch
            }
        }
    }

    /// The differences of logits to the first: with them all that a softmax depends on.
    private static func contrasts(_ answerCount: Int) -> [[Double]] {
        (1..<max(1, answerCount)).map { answer in
            (0..<answerCount).map { $0 == answer ? 1 : $0 == 0 ? -1 : 0 }
        }
    }

    /// The distributions of one batch: [examples][posteriors].
    private func distributions(
        _ pass: RecordedPass,
        _ functions: [[MatrixGradient]],
        _ posteriors: [any LaplacePosterior]
    ) throws -> [[LogitDistribution]] {
        let count = functions.count
        let roots: [CovarianceRoot] = posteriors.map { posterior in
            { posterior.whitened($0, of: $1) }
        }
        let values = pass.covariances(of: functions, under: roots).map(\.doubles)
        try checkTorch()
        return pass.answerCounts.indices.map { example in
            values.map { values in
                LogitDistribution(
                    mean: pass.logits[example],
                    covariance: Self.covariance(
                        values[example * count * count..<(example + 1) * count * count],
                        count,
                        answers: pass.answerCounts[example]
                    )
                )
            }
        }
    }

    /// The covariance of differences to the first answer, that answer's own zeros included.
    private static func covariance(
        _ values: ArraySlice<Double>,
        _ count: Int,
        answers: Int
    ) -> [[Double]] {
        (0..<answers).map { row in
            (0..<answers).map { column in
                row == 0 || column == 0
                    ? 0 : values[values.startIndex + (row - 1) * count + column - 1]
            }
        }
    }
}

extension Prediction {
    /// The answer to an example from the distribution of its logits.
    fileprivate init(
        _ example: EncodedExample,
        _ logits: LogitDistribution,
        _ average: PredictiveAverage
    ) {
        self.init(
            id: example.id,
            label: example.label,
            targets: example.targets,
            ordered: example.isOrdered ? true : nil,
            probabilities: average.probabilities,
            meanProbabilities: logits.meanProbabilities,
            mutualInformation: average.mutualInformation
        )
    }
}
