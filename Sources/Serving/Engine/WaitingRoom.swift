import Foundation

/// Requests on their way to the engine's thread: those of one model leave together, in order.
///
/// A batch has as many requests as come within some time of its first, up to a number of questions;
/// what comes while the engine is busy waits anyway, so that batches grow with the load.
final class WaitingRoom<Entry: Sendable>: @unchecked Sendable {
    private struct Waiting {
        let number: Int
        let entry: Entry
        let model: Int
        let questions: Int
        let arrival: ContinuousClock.Instant
    }

    /// Guards all that follows.
    private let condition = NSCondition()
    private var waiting: [Waiting] = []
    private var isClosed = false
    private var entered = 0

    private let limits: ServiceLimits

    init(_ limits: ServiceLimits) {
        self.limits = limits
    }

    /// How many wait.
    var count: Int { condition.withLock { waiting.count } }

    /// Takes a request with some questions to a model in, and gives it a number.
    ///
    /// - Throws: ``ServiceError`` where there is no room left, or the room is closed.
    func enter(_ entry: Entry, model: Int, questions: Int) throws -> Int {
        try condition.withLock {
            if isClosed { throw ServiceError.closing }
            guard waiting.count < limits.waitingRequests else {
                throw ServiceError.queueFull(waiting: waiting.count)
            }
            entered += 1
            waiting.append(
                Waiting(
                    number: entered,
                    entry: entry,
                    model: model,
                    questions: questions,
                    arrival: .now
                )
            )
            condition.signal()
            return entered
        }
    }

    /// Lets a request go that nobody waits for any more; nil where the engine has it already.
    func leave(_ number: Int) -> Entry? {
        condition.withLock {
            waiting.firstIndex { $0.number == number }.map { waiting.remove(at: $0).entry }
        }
    }

    /// Takes nobody in any more; those who wait are still served.
    func close() {
        condition.withLock {
            isClosed = true
            condition.broadcast()
        }
    }

    /// Waits for a batch, and lets it out; nil once the room is closed and empty.
    func next() -> (model: Int, entries: [Entry])? {
        condition.withLock {
            while true {
                guard let first = waiting.first else {
                    if isClosed { return nil }
                    condition.wait()
                    continue
                }
                let (batch, isFull) = batch(of: first.model)
                let rest = .milliseconds(limits.batchMilliseconds) - (.now - first.arrival)
                guard isFull || isClosed || rest <= .zero else {
                    pause(atMost: rest)
                    continue
                }
                let numbers = Set(batch.map(\.number))
                waiting.removeAll { numbers.contains($0.number) }
                return (first.model, batch.map(\.entry))
            }
        }
    }

    /// Lets go of the lock for half a millisecond, or for as long as there is.
    ///
    /// A condition's own end of waiting is a time of the wall clock, which may be set back.
    private func pause(atMost rest: Duration) {
        condition.unlock()
        usleep(useconds_t(max(1, min(500, rest / .microseconds(1)))))
        condition.lock()
    }

    /// The first requests to a model that fit a batch, and whether no other one would.
    private func batch(of model: Int) -> (batch: [Waiting], isFull: Bool) {
        var (batch, room): ([Waiting], Int) = ([], limits.batchQuestions)
        for one in waiting where one.model == model {
            guard one.questions <= room else { return (batch, true) }
            room -= one.questions
            batch.append(one)
        }
        return (batch, room == 0)
    }
}
