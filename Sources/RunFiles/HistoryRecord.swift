import Metrics
import TextTasks

/// One line of `history.jsonl`: an interval of training, or an evaluation.
///
/// It holds no times, so that a repeated run writes the same bytes.
public struct HistoryRecord: Codable, Equatable, Sendable {
    /// Steps taken so far.
    public var step: Int
    /// Mean loss since the last line, in nats; absent from evaluations.
    public var loss: Double?
    /// Learning rate of the last step.
    public var learningRate: Double?
    /// IVON: what the posterior looks like.
    public var posterior: PosteriorHealth?
    /// The part that was evaluated, at the posterior mean.
    public var split: Split?
    /// The metrics of an evaluation.
    public var metrics: MetricSummary?

    private enum CodingKeys: String, CodingKey {
        case step, loss, posterior, split, metrics
        case learningRate = "learning_rate"
    }

    /// A line from its parts.
    package init(
        step: Int,
        loss: Double? = nil,
        learningRate: Double? = nil,
        posterior: PosteriorHealth? = nil,
        split: Split? = nil,
        metrics: MetricSummary? = nil
    ) {
        self.step = step
        self.loss = loss
        self.learningRate = learningRate
        self.posterior = posterior
        self.split = split
        self.metrics = metrics
    }
}
