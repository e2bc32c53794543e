import LanguageModels
import LoRA
import Torch

/// What a run trains for: its examples, their loss, and how well a model does.
///
/// The loop, ranks, history and checkpoints know the training examples by their numbers alone.
public protocol Objective {
    /// Number of training examples, at least one.
    var exampleCount: Int { get }

    /// Short names of the examples of every part, equal for equal data; those of the training
    /// examples under ``trainingData``.
    var fingerprints: [String: String] { get }

    /// The name of a training example, for messages.
    func name(of example: Int) -> String

    /// Number of tokens of a training example: about what a pass over it takes.
    func tokenCount(of example: Int) -> Int

    /// Number of terms that a training example adds to the loss.
    func termCount(of example: Int) -> Int

    /// Checks that a model can take every example.
    ///
    /// - Throws: an error that names the example.
    func check(fits model: LoadedModel) throws

    /// Runs a model over some training examples, and gives the sum of the terms of their loss.
    func loss(of examples: [Int], _ model: AdaptedModel) -> ObjectiveLoss

    /// Runs a model over some training examples, and gives the log probabilities of what each term
    /// of their loss may turn out to be: [terms, outcomes], -infinity where a term has fewer.
    func logProbabilities(of examples: [Int], _ model: AdaptedModel) -> Tensor

    /// Measures the model as it is on the validation part, for the history.
    ///
    /// The ranks of `group` share the work, here and in the results.
    ///
    /// - Throws: `TorchError` when the engine fails.
    func evaluated(
        _ model: AdaptedModel,
        after step: Int,
        group: ProcessGroup?,
        progress: (_ done: Int, _ of: Int) -> Void
    ) throws -> HistoryRecord

    /// Measures a trained model and writes all result files of its run, `metrics.json` last.
    ///
    /// - Throws: an error when the engine fails or a file cannot be written.
    func writeResults(
        of trained: TrainedRun,
        health: PosteriorHealth?,
        to run: RunFolder,
        group: ProcessGroup?,
        progress: (_ done: Int, _ of: Int) -> Void
    ) throws -> RunMetrics
}

extension Objective {
    /// What ``fingerprints`` calls the training examples.
    public static var trainingData: String { "training data" }
}

/// The loss of a pass over some examples, and the pass's size.
public struct ObjectiveLoss {
    /// The sum of the terms, in nats: a scalar with its graph.
    public let sum: Tensor
    /// What went through the model.
    public let batch: PackedTokens
    /// How many logits the head has computed.
    public let logits: Int

    /// A loss from its parts.
    public init(sum: Tensor, batch: PackedTokens, logits: Int) {
        self.sum = sum
        self.batch = batch
        self.logits = logits
    }
}
