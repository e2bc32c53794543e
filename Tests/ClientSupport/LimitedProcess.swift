import Foundation

extension Process {
    /// Starts the process, and kills it where it has not ended after some seconds, so that no test
    /// waits for it forever.
    public func runLimited(to seconds: TimeInterval = 1200) throws {
        try run()
        let limit = Date(timeIntervalSinceNow: seconds)
        Thread.detachNewThread { [self] in
            while isRunning, Date() < limit { usleep(100_000) }
            if isRunning { kill(processIdentifier, SIGKILL) }
        }
    }
}
