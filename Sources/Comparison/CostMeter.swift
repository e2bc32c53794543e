import Foundation
import Torch

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
            fitSeconds: (middle - start).seconds,
            answerSeconds: (end - middle).seconds,
            peakMemory: PeakMemory.bytes
        )
    }
}

/// The largest resident memory of this process.
enum PeakMemory {
    /// Starts to measure anew, where the system allows it.
    static func reset() {
        // What the allocator keeps of earlier methods is not this one's.
        Engine.releaseMemory()
        #if os(Linux)
        try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
        #endif
    }

    /// The peak since the last reset, or of the process's life where it cannot be reset, in bytes.
    static var bytes: Int? {
        #if os(Linux)
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(separator: " ").dropLast().last.flatMap { Int($0) }.map { $0 * 1024 }
        #else
        var usage = rusage()
        return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : nil
        #endif
    }
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
