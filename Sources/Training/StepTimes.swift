import Optimizers
import RunFiles

extension StepTimes {
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
}

extension Duration {
    /// The duration as a number of seconds.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
