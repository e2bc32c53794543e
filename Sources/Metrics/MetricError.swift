import Foundation

/// Predictions that no metric can be computed from.
public enum MetricError: Error, Equatable, CustomStringConvertible, LocalizedError {
    /// There is no prediction.
    case noPredictions
    /// The prediction `id` has no label.
    case noLabel(id: String)
    /// The prediction `id` is not sound; the reason is a clause.
    case unsound(id: String, reason: String)
    /// Draws that do not give one distribution each over the same answers.
    case unevenDraws(counts: [Int])
    /// A confidence interval from less than one resample.
    case noResamples(Int)
    /// Methods that were not run with the same number of seeds, at least one.
    case unevenSeeds(method: Int, reference: Int)
    /// Predictions of different examples; the reason is a clause.
    case unpaired(reason: String)
    /// Uncertainty scores that detection cannot be measured on; the reason is a clause.
    case noDetection(reason: String)
    /// Log probabilities that no temperature can be fitted to; the reason is a clause.
    case noTemperature(reason: String)
    /// A promise or predictions that no policy can be decided from; the reason is a clause.
    case noPolicy(reason: String)

    /// One sentence that says what was expected and found.
    public var description: String {
        switch self {
        case .noPredictions:
            "metrics need at least one prediction and there is none"
        case .noLabel(let id):
            "the prediction \"\(id)\" has no label, which metrics need"
        case .unsound(let id, let reason):
            "the prediction \"\(id)\" cannot be used: \(reason)"
        case .unevenDraws(let counts):
            "draws must give probabilities of the same answers, at least one, but have \(counts)"
        case .noResamples(let count):
            "a bootstrap interval needs at least 1 resample, not \(count)"
        case .unevenSeeds(let method, let reference):
            "a paired difference needs the same seeds, at least one, of both, but the method "
                + "has \(method) and the reference has \(reference)"
        case .unpaired(let reason):
            "the methods cannot be compared example by example: \(reason)"
        case .noDetection(let reason):
            "out-of-task examples cannot be told from the task's: \(reason)"
        case .noTemperature(let reason):
            "no temperature can be fitted: \(reason)"
        case .noPolicy(let reason):
            "no policy can be decided: \(reason)"
        }
    }

    /// The same as ``description``.
    public var errorDescription: String? { description }
}
