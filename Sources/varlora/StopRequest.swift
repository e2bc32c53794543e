import Foundation

/// Whether the user asked the run to stop (SIGINT); a second time ends the process at once.
enum StopRequest {
    nonisolated(unsafe) private static var flag: sig_atomic_t = 0

    /// Whether a stop was asked for.
    static var isMade: Bool { flag != 0 }

    /// Listens for SIGINT from now on.
    static func listen() {
        signal(SIGINT) { _ in
            StopRequest.flag = 1
            signal(SIGINT, SIG_DFL)
        }
        // Who starts this process from a thread of a pool may hand down a mask that blocks it.
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, SIGINT)
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    }
}
