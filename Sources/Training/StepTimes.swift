import Optimizers

/// Where the seconds of some training steps went, as far as they belong to a step.
///
/// The paper times the same three parts (arXiv 2411.04421): forward pass, loss and backward pass;
/// IVON's draw; the optimizer's step.
public struct StepTimes: Codable, Equatable, Sendable {
    /// Steps behind the sums.
    public var steps = 0
    /// Seconds of forward passes, losses and backward passes, over all draws and micro-batches.
    public var forwardBackward = 0.0
    /// Seconds of the optimizer around those: IVON's draws, and next to nothing for AdamW.
    public var draw = 0.0
    /// Seconds of the optimizer after the last of those: the update.
    public var update = 0.0
    /// Seconds of evaluations between the steps; nil where there were none.
    public var evaluation: Double?

    /// No steps.
    public init() {}

    private enum CodingKeys: String, CodingKey {
        case steps
        case forwardBackward = "forward_backward_seconds"
        case draw = "draw_seconds"
        case update = "step_seconds"
        case evaluation = "evaluation_seconds"
    }

    /// The sum of all parts in seconds.
    public var total: Double { forwardBackward + draw + update + (evaluation ?? 0) }

    /// Takes one step of an optimizer; returns its loss and where its time went.
    static func measure(
        _ optimizer: any Optimizer,
        _ loss: () throws -> Double
    ) throws -> (loss: Double, times: StepTimes) {
        var times = StepTimes()
        times.steps = 1
        let clock = ContinuousClock()
        var mark = clock.now
        let value = try optimizer.step {
            let start = clock.now
            times.draw += (start - mark).inSeconds
            defer {
                mark = clock.now
                times.forwardBackward += (mark - start).inSeconds
            }
            return try loss()
        }
        times.update += (clock.now - mark).inSeconds
        return (value, times)
    }

    /// Runs an evaluation; returns its result and the time it took.
    static func measureEvaluation<Result>(
        _ body: () throws -> Result
    ) rethrows -> (result: Result, times: StepTimes) {
        let clock = ContinuousClock()
        let start = clock.now
        let result = try body()
        var times = StepTimes()
        times.evaluation = (clock.now - start).inSeconds
        return (result, times)
    }

    /// Adds other steps.
    static func += (sum: inout StepTimes, other: StepTimes) {
        sum.steps += other.steps
        sum.forwardBackward += other.forwardBackward
        sum.draw += other.draw
        sum.update += other.update
        if let evaluation = other.evaluation { sum.evaluation = (sum.evaluation ?? 0) + evaluation }
    }
}

/// One line of `timings.jsonl`.
struct Timing: Encodable {
    /// Steps taken so far.
    let step: Int
    /// Seconds since the start of the process's training.
    let seconds: Double
    /// Where the time since the last line went.
    let times: StepTimes

    private enum CodingKeys: String, CodingKey { case step, seconds }

    func encode(to encoder: any Encoder) throws {
        try times.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(step, forKey: .step)
        try container.encode(seconds, forKey: .seconds)
    }
}

extension Duration {
    /// The duration as a number of seconds.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
