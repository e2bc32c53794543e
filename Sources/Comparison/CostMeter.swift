import Training

/// Measures what a method takes.
final class CostMeter {
    private let start = ContinuousClock.now
    private var answersFrom: ContinuousClock.Instant?

    /// Starts to measure.
    init() { PeakMemory.reset() }

    /// The posterior is there; what follows are answers.
    func posteriorIsThere() { answersFrom = .now }

    /// What it took up to now.
    var cost: MethodCost {
        let (middle, end) = (answersFrom ?? .now, ContinuousClock.now)
        return MethodCost(
            fitSeconds: (middle - start).inSeconds,
            answerSeconds: (end - middle).inSeconds,
            peakMemory: PeakMemory.bytes
        )
    }
}
