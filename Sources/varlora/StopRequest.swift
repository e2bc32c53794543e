import ArgumentParser
import Files
import Foundation
import Synchronization

/// What SIGINT, SIGTERM and SIGHUP do.
///
/// A thread waits for them, so that no signal interrupts the writing of a file. They end the
/// process then and there, but while steps are taken: then the first one is a wish to stop after
/// the step, which is saved. The next one ends the process whatever it does.
enum StopRequest {
    private struct State {
        var isDeferred = false
        var signal: Int32?
        var words: String?
        /// Waits for the first signal, which then does nothing else.
        var waiting: CheckedContinuation<Void, Never>?
    }

    private static let state = Mutex(State())

    /// Whether a stop was asked for.
    static var isMade: Bool { state.withLock { $0.signal != nil } }

    /// The status of a process that stopped as it was asked to.
    static var exitCode: ExitCode {
        ExitCode(state.withLock { $0.signal }.map { 128 + $0 } ?? EXIT_FAILURE)
    }

    /// Waits for a signal that asks to end, which is the caller's to do; the next one ends the
    /// process whatever it does.
    static func wait() async {
        await withCheckedContinuation { continuation in
            let isMade = state.withLock { state in
                state.isDeferred = true
                state.waiting = continuation
                return state.signal != nil
            }
            if isMade { resume() }
        }
    }

    private static func resume() {
        state.withLock { state in
            defer { state.waiting = nil }
            return state.waiting
        }?
        .resume()
    }

    /// What is said where a signal ends the process, such as how to go on.
    static func say(_ words: String) { state.withLock { $0.words = words } }

    /// Whether a signal waits for what is done now; one that has waited takes effect at the end.
    static func isDeferred(_ isDeferred: Bool) {
        let number = state.withLock { state -> Int32? in
            state.isDeferred = isDeferred
            return isDeferred ? nil : state.signal
        }
        if let number { end(number) }
    }

    /// Listens from now on; to be called before there are other threads, which inherit that the
    /// signals are left to the one that waits.
    static func listen() {
        // Who ignores SIGHUP, as nohup does, means all that it starts. That SIGINT is ignored may
        // come from a shell, which does so in the background.
        let isIgnored = handler(of: SIGHUP) == unsafeBitCast(SIG_IGN, to: Int.self)
        let numbers = [SIGINT, SIGTERM] + (isIgnored ? [] : [SIGHUP])
        for number in numbers { signal(number, SIG_DFL) }
        mask(numbers, SIG_BLOCK)
        Thread.detachNewThread {
            var (set, number) = (set(of: numbers), Int32(0))
            while sigwait(&set, &number) != 0 {}
            // The next one ends the process, whatever this thread waits for.
            mask(numbers, SIG_UNBLOCK)
            let isDeferred = state.withLock { state in
                state.signal = number
                return state.isDeferred
            }
            if !isDeferred { end(number) }
            resume()
            while true { pause() }
        }
    }

    /// Ends the process by a signal.
    private static func end(_ number: Int32) {
        let words = state.withLock { $0.words }
        AtomicFile.betweenWrites {
            if let words { Console.note(words) }
            // The waiting thread, which no longer blocks it, gets it.
            kill(getpid(), number)
            while true { pause() }
        }
    }

    private static func handler(of number: Int32) -> Int? {
        var action = sigaction()
        sigaction(number, nil, &action)
        return withUnsafeBytes(of: action) { $0.load(as: Int.self) }
    }

    private static func set(of numbers: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        return set
    }

    private static func mask(_ numbers: [Int32], _ how: Int32) {
        var set = set(of: numbers)
        pthread_sigmask(how, &set, nil)
    }
}
