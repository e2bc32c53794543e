import Foundation
import Training

/// Shows a run as it goes on: a bar on a terminal, a line an interval otherwise.
final class ConsoleProgress {
    private var steps = 0
    private var firstStep = 0
    private let clock = ContinuousClock()
    private lazy var start = clock.now

    func show(_ event: TrainingEvent) {
        switch event {
        case .started(let step, let steps, let parameters):
            self.steps = steps
            firstStep = step
            StopRequest.isDeferred(step < steps)
            start = clock.now
            guard step < steps else { return }
            let from = step == 0 ? "" : ", going on after step \(step)"
            Console.note("training \(parameters) parameters for \(steps) steps\(from)")
        case .trained(let step, let loss):
            Console.bar(
                "step \(step)/\(steps)  loss \(loss.fixed(4))  \(remaining(step))  "
                    + bar(step, of: steps)
            )
        case .logged(let record):
            if !Console.isTerminal { Console.note(line(record)) }
        case .evaluated(let record):
            guard let metrics = record.metrics, let split = record.split else { return }
            Console.note(
                "step \(record.step): \(split.rawValue) accuracy \(metrics.accuracy.value.fixed(3))"
                    + "  NLL \(metrics.nll.value.fixed(3))  ECE \(metrics.ece.value.fixed(3))"
            )
        case .evaluating(let done, let total):
            Console.bar("evaluating, batch \(done)/\(total)  \(bar(done, of: total))")
            if done == total { Console.bar("") }
        case .warned(let text): Console.warn(text)
        case .saved(let step): if step == steps { StopRequest.isDeferred(false) }
        }
    }

    private func line(_ record: HistoryRecord) -> String {
        var parts = ["step \(record.step)/\(steps)"]
        if let loss = record.loss { parts.append("loss \(loss.fixed(4))") }
        if let posterior = record.posterior {
            let ratios = posterior.hessianRatio.map { $0.fixed(3) }.joined(separator: " ")
            if let clipped = posterior.clippedShare { parts.append("clipped \(clipped.fixed(3))") }
            parts.append("h/h0 \(ratios)")
            parts.append("sd \(posterior.standardDeviation.fixed(5))")
        }
        return parts.joined(separator: "  ")
    }

    private func bar(_ done: Int, of total: Int) -> String {
        let width = 24
        let filled = total > 0 ? min(width, width * done / total) : width
        return "[" + String(repeating: "=", count: filled)
            + String(repeating: " ", count: width - filled) + "]"
    }

    private func remaining(_ step: Int) -> String {
        let elapsed = clock.now - start
        let done = max(1, step - firstStep)
        let left = (elapsed * (Double(steps - step) / Double(done))).components.seconds
        let (minutes, seconds) = left.quotientAndRemainder(dividingBy: 60)
        if minutes == 0 { return "\(seconds) s left" }
        return minutes < 60
            ? "\(minutes) min \(seconds) s left" : "\(minutes / 60) h \(minutes % 60) min left"
    }
}
