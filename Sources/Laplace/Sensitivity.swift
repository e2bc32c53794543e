import Evaluation
import Optimizers
import Posteriors
import TextTasks
import Torch

/// How much a trained model leans on one of its training examples: what would change if it were
/// left out, as estimated from the posterior, without training again.
///
/// By the memory-perturbation equation for a normal posterior (Nickl, Xu, Tailor, Möllenhoff and
/// Khan 2023, arXiv 2310.19273) the mean m moves by `w S ∇ℓ(m)` when an example is left out: S is
/// the posterior's covariance, ℓ the example's loss, and w how often the posterior counts it, so
/// that w S is the inverse of the curvature of the sum of all losses, and the move a Newton step.
/// The changes are those of the model linearised at m, right to first order in the example's share
/// of the curvature.
public struct Sensitivity: Equatable, Sendable {
    /// Probability of the label at the mean (p).
    public let probability: Double
    /// Variance of the label's log-odds (v): `w ∇oᵀ S ∇o` with `o = log(p / (1 - p))`.
    public let variance: Double
    /// The change of the label's log-odds, `w ∇oᵀ S ∇ℓ`; without targets the prediction's error
    /// times its variance, `-(1 - p) v`.
    public let logOddsChange: Double
    /// The change of the example's own loss in nats, `w ∇ℓᵀ S ∇ℓ`, which is never below 0; without
    /// targets `(1 - p)² v`.
    public let lossChange: Double
}

/// Estimates how much a model leans on its training examples.
///
/// Each batch takes one forward and two backward passes; see ``LaplaceFitter`` for the memory.
public struct SensitivityEstimator {
    private let root: CovarianceRoot
    private let weight: (_ count: Int) -> Double
    private let scorer: AnswerScorer

    /// The names of the posteriors that estimates can be made from.
    public static var kinds: [String] {
        PosteriorFile.kinds
            .filter { $0 is any VariancePosterior.Type || $0 is any LaplacePosterior.Type }
            .map { $0.name }
    }

    /// An estimator from a posterior around the mean that the adapters of `scorer` hold in
    /// `parameters`; nil for a kind that is not among ``kinds``.
    public init?(
        _ posterior: any Posterior,
        _ scorer: AnswerScorer,
        parameters: FlatParameters
    ) {
        switch posterior {
        case let laplace as any LaplacePosterior:
            root = { laplace.whitened($0, of: $1) }
            weight = { _ in 1 }
        case let known as any VariancePosterior:
            let deviation = known.variance.squareRoot()
            root = { $0 * FlatParameters.view(deviation, parameters.entries[$1]) }
            weight = known.weight(ofOneAmong:)
        default:
            return nil
        }
        self.scorer = scorer
    }

    /// The sensitivity to each of the training examples, which must all be there and have labels.
    ///
    /// Of an example that has its options in several orders, the first counts. `progress` is told
    /// how many batches of how many are done.
    ///
    /// - Throws: `TorchError` when the engine fails.
    public func sensitivities(
        to examples: [EncodedExample],
        maximumTokens: Int = 1024,
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws -> [Sensitivity] {
        let order = EvaluationBatches(
            lengths: examples.map(\.length),
            maximumTokens: maximumTokens
        )
        let weight = weight(examples.count)
        var done = 0
        return try withTorchErrors {
            try order.map { indices in
                let members = indices.map { examples[$0] }
                let pass = try RecordedPass(members, scorer)
                let functions = pass.gradients(zip(members, pass.logits).map(Self.functions))
                let values = withoutGradients {
                    pass.covariances(of: functions, under: [root])[0].doubles
                }
                try checkTorch()
                done += 1
                progress(done, order.batches.count)
                return members.indices.map { index in
                    let covariance = values[4 * index..<4 * index + 4].map { weight * $0 }
                    return Sensitivity(
                        probability: softmax(pass.logits[index])[members[index].knownLabel],
                        variance: covariance[0],
                        logOddsChange: covariance[1],
                        lossChange: covariance[3]
                    )
                }
            }
        }
    }

    /// The gradients of the label's log-odds and of the loss with respect to the logits: [2,
    /// answers].
    private static func functions(_ example: EncodedExample, _ logits: [Double]) -> [[Double]] {
        guard logits.count > 1 else { return [[0], [0]] }
        let (label, probabilities) = (example.knownLabel, softmax(logits))
        // The label's log-odds are its logit less the logarithm of the others' summed exponentials.
        var others = logits
        others[label] = -.infinity
        var logOdds = softmax(others).map { -$0 }
        logOdds[label] = 1
        let targets = example.targets ?? logits.indices.map { $0 == label ? 1 : 0 }
        return [logOdds, zip(probabilities, targets).map { $0 - $1 }]
    }
}

extension EncodedExample {
    /// The label of a training example.
    fileprivate var knownLabel: Int {
        guard let label else {
            preconditionFailure("a sensitivity needs the label of every example")
        }
        return label
    }
}
