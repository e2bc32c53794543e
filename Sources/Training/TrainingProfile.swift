/// What the steps that a process took have cost.
public struct TrainingProfile: Sendable {
    /// Wall-clock seconds from the search for settings, or the first step, to the end of the last,
    /// with all between them.
    public internal(set) var seconds = 0.0
    /// Where they went.
    public internal(set) var times = StepTimes()
    /// Forward and backward passes: at least one a step, and more with micro-batches or draws.
    public private(set) var passes = 0
    /// Sequences of all passes.
    public private(set) var sequences = 0
    /// Tokens of all passes as they were computed: a prefix that a batch shares counts once.
    public private(set) var tokens = 0
    /// Operations of the matrix products of all passes.
    public private(set) var operations = StepCost.Operations()

    /// Seconds outside steps and evaluations: the history, checkpoints, and whoever watches.
    public var rest: Double { max(0, seconds - times.total) }

    /// Counts a pass.
    mutating func count(_ loss: ObjectiveLoss, _ cost: StepCost) {
        passes += 1
        sequences += loss.batch.lengths.count
        tokens += loss.batch.tokens.count
        operations += cost.operations(of: loss.batch, logits: loss.logits)
    }
}
