import Foundation
import Torch

/// The largest resident memory of this process.
public enum PeakMemory {
    /// The peak so far in bytes; nil where the system does not say.
    public static var bytes: Int? {
        #if os(Linux)
        // Not getrusage: its value outlives `exec`, so that a large parent would be counted.
        let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
        return kibibytes.flatMap { Int($0) }.map { $0 * 1024 }
        #else
        var usage = rusage()
        return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : nil
        #endif
    }

    /// Starts to measure anew, where the system allows it.
    package static func reset() {
        // What the allocator keeps of earlier work is not that of the next.
        Engine.releaseMemory()
        #if os(Linux)
        try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
        #endif
    }
}
