import Foundation

/// How the learning rate changes over a run.
///
/// After a linear warm-up from 0 the rate is constant, or falls to 0 linearly or along half a
/// cosine, reaching 0 at `steps`; the factors are those of Transformers' schedules.
public struct LearningRateSchedule: Equatable, Sendable {
    /// The form of the decay after the warm-up.
    public enum Shape: String, CaseIterable, Sendable {
        case linear, cosine, constant
    }

    /// The form of the decay.
    public var shape: Shape
    /// The rate at the end of the warm-up.
    public var peak: Double
    /// Steps of warm-up; 0 starts at the peak.
    public var warmupSteps: Int
    /// Steps of the whole run.
    public var steps: Int

    /// A schedule over `steps` steps.
    public init(shape: Shape, peak: Double, warmupSteps: Int = 0, steps: Int) {
        self.shape = shape
        self.peak = peak
        self.warmupSteps = warmupSteps
        self.steps = steps
    }

    /// The rate of a step, counted from 0.
    public func callAsFunction(_ step: Int) -> Double {
        if step < warmupSteps { return peak * Double(step) / Double(max(1, warmupSteps)) }
        let left = Double(steps - step) / Double(max(1, steps - warmupSteps))
        switch shape {
        case .constant: return peak
        case .linear: return peak * max(0, left)
        case .cosine: return peak * 0.5 * (1 + cos(.pi * (1 - max(0, left))))
        }
    }
}
