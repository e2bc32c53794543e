import Foundation

extension Process {
    /// Starts the process, and kills it where it has not ended as long as a test waits.
    public func runLimited() throws {
        try run()
        let limit = Date(timeIntervalSinceNow: TimeInterval(patience))
        Thread.detachNewThread { [self] in
            while isRunning, Date() < limit { usleep(100_000) }
            if isRunning { kill(processIdentifier, SIGKILL) }
        }
    }
}
