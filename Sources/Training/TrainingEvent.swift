import RunFiles

/// What happens in a run, for those who watch it.
public enum TrainingEvent: Sendable {
    /// Training begins at a step, 0 or the one of a checkpoint.
    case started(step: Int, of: Int, parameterCount: Int)
    /// A step was taken; `step` counts from 1.
    case trained(step: Int, loss: Double)
    /// An interval of the history ended.
    case logged(HistoryRecord)
    /// A part was evaluated.
    case evaluated(HistoryRecord)
    /// Part of an evaluation is done.
    case evaluating(done: Int, of: Int)
    /// The run has gone astray, says a sentence.
    case warned(String)
    /// A checkpoint was written.
    case saved(step: Int)
}

/// How a run ended.
public enum TrainingOutcome: Equatable, Sendable {
    /// All steps were taken and the results written.
    case finished(RunMetrics)
    /// The run was asked to stop; a checkpoint of this step was written.
    case stopped(step: Int)
}
