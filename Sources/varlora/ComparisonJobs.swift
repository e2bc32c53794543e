import Comparison
import Foundation
import Synchronization

/// Cells of a comparison, some at once, each in a process of its own.
///
/// A process and not a thread: memory and threads are a process's, and so are measured and set for
/// each. A cell's process is the same command with `--cell`, and computes what it would by itself.
final class ComparisonJobs: Sendable {
    private struct State {
        var waiting: ArraySlice<ComparisonPlan.Cell>
        var running: [ObjectIdentifier: Process] = [:]
        var warned: Set<String> = []
        /// What the first cell that failed said.
        var failure: ChildFailure?
        var isStopped = false
    }

    private let count: Int
    private let total: Int
    private let state: Mutex<State>

    /// Cells to be run, at most `count` at once.
    init(_ cells: [ComparisonPlan.Cell], count: Int) {
        (self.count, total) = (count, cells.count)
        state = Mutex(State(waiting: cells[...]))
    }

    /// Runs the cells to their end; false when a signal stopped them.
    ///
    /// - Throws: what the first cell that failed said; the others are stopped then, and keep what
    ///   they have.
    func run() throws -> Bool {
        StopRequest.isDeferred(true)
        let workers = DispatchGroup()
        for _ in 0..<min(count, total) {
            DispatchQueue.global().async(group: workers) { self.work() }
        }
        while workers.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
            if StopRequest.isMade { stop() }
        }
        // A signal that came too late to stop anything has its effect now.
        let (failure, isStopped) = state.withLock { ($0.failure, $0.isStopped) }
        if let failure { throw failure }
        if !isStopped { StopRequest.isDeferred(false) }
        return !isStopped
    }

    /// Runs one cell after another until none waits.
    private func work() {
        while let cell = state.withLock({ $0.waiting.popFirst() }) {
            do {
                try run(cell)
            } catch {
                state.withLock {
                    $0.failure = $0.failure ?? error as? ChildFailure ?? ChildFailure("\(error)")
                }
                stop()
            }
        }
    }

    /// Asks the processes that run to save their step and end, once.
    private func stop() {
        state.withLock { state in
            if state.isStopped { return }
            state.isStopped = true
            state.waiting = []
            for process in state.running.values { process.terminate() }
        }
    }

    private func run(_ cell: ComparisonPlan.Cell) throws {
        let (process, errors) = (Process(), Pipe())
        process.executableURL = Bundle.main.executableURL
        process.arguments =
            CommandLine.arguments.dropFirst() + ["--cell", "\(cell.number)"]
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        // Started under the lock, so that a stop reaches it or comes before it.
        let isStarted = try state.withLock { state in
            if state.isStopped { return false }
            try process.run()
            state.running[ObjectIdentifier(process)] = process
            return true
        }
        guard isStarted else { return }
        let complaint = pass(errors.fileHandleForReading, of: cell)
        process.waitUntilExit()
        let isStopped = state.withLock { state in
            state.running[ObjectIdentifier(process)] = nil
            return state.isStopped
        }
        let status = process.terminationStatus
        if process.terminationReason == .exit, status == 0 || isStopped && status > 128 { return }
        if isStopped, process.terminationReason == .uncaughtSignal { return }
        throw ChildFailure("\(cell.folder): \(complaint ?? "its process ended with \(status)")")
    }

    /// The cores are shared among the processes where nothing else was said.
    private var environment: [String: String] {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        return ["OMP_NUM_THREADS": "\(max(1, cores / count))"]
            .merging(ProcessInfo.processInfo.environment) { $1 }
    }

    /// Passes on what a process says, under its name and each warning once, up to its end.
    ///
    /// - Returns: the sentence that ended it, if there was one.
    private func pass(_ lines: FileHandle, of cell: ComparisonPlan.Cell) -> String? {
        var complaint: String?
        var rest = Data()
        while case let data = lines.availableData, !data.isEmpty {
            rest.append(data)
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: rest[..<end], as: UTF8.self)
                rest = Data(rest[rest.index(after: end)...])
                if line.hasPrefix(Self.errorPrefix) {
                    complaint = String(line.dropFirst(Self.errorPrefix.count))
                } else if line.hasPrefix("warning: ") {
                    if state.withLock({ $0.warned.insert(line).inserted }) { Console.note(line) }
                } else {
                    Console.note(line.hasPrefix("[") ? line : "\(cell.folder): \(line)")
                }
            }
        }
        return complaint
    }

    private static let errorPrefix = "Error: "
}

/// What the process of a cell failed by; `description` is one sentence.
struct ChildFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
