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
    /// Seconds in which the method found its settings before the first of the steps; nil for steps
    /// that others went before.
    public var search: Double?

    /// No steps, and the seconds before them.
    public init(search: Double? = nil) { self.search = search }

    private enum CodingKeys: String, CodingKey {
        case steps
        case forwardBackward = "forward_backward_seconds"
        case draw = "draw_seconds"
        case update = "step_seconds"
        case evaluation = "evaluation_seconds"
        case search = "search_seconds"
    }

    /// The sum of all parts in seconds.
    public var total: Double {
        forwardBackward + draw + update + (evaluation ?? 0) + (search ?? 0)
    }

    /// Adds other steps.
    package static func += (sum: inout StepTimes, other: StepTimes) {
        sum.steps += other.steps
        sum.forwardBackward += other.forwardBackward
        sum.draw += other.draw
        sum.update += other.update
        if let evaluation = other.evaluation { sum.evaluation = (sum.evaluation ?? 0) + evaluation }
        if let search = other.search { sum.search = (sum.search ?? 0) + search }
    }
}

/// One line of `timings.jsonl`.
public struct Timing: Codable, Equatable, Sendable {
    /// Steps taken so far.
    public var step: Int
    /// Seconds since the start of the process's training.
    public var seconds: Double
    /// Where the time since the last line went; nil where the file does not tell.
    public var times: StepTimes?

    private enum CodingKeys: String, CodingKey { case step, seconds, steps }

    /// A line from its parts.
    package init(step: Int, seconds: Double, times: StepTimes?) {
        self.step = step
        self.seconds = seconds
        self.times = times
    }

    /// Reads a line; throws `DecodingError` where it tells some parts of the time but not all.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        step = try container.decode(Int.self, forKey: .step)
        seconds = try container.decode(Double.self, forKey: .seconds)
        if container.contains(.steps) { times = try StepTimes(from: decoder) }
    }

    /// Writes all keys beside each other.
    public func encode(to encoder: any Encoder) throws {
        try times?.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(step, forKey: .step)
        try container.encode(seconds, forKey: .seconds)
    }
}
