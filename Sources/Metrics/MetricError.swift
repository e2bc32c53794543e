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
        }
    }

    /// The same as ``description``.
    public var errorDescription: String? { description }
}
