import ClientSupport
import Foundation
import Testing

@testable import Serving

@Suite("The waiting room")
struct WaitingRoomTests {
    private func room(_ change: (inout ServiceLimits) -> Void = { _ in }) -> WaitingRoom<String> {
        var limits = ServiceLimits()
        (limits.batchQuestions, limits.batchMilliseconds) = (5, 0)
        change(&limits)
        return WaitingRoom(limits)
    }

    @Test("Batches are those of one model, in order, up to a number of questions")
    func batches() throws {
        let room = room()
        let entries = [("a", 0, 2), ("b", 1, 1), ("c", 0, 3), ("d", 0, 1), ("f", 1, 4)]
        for (name, model, questions) in entries {
            _ = try room.enter(name, model: model, questions: questions)
        }
        room.close()
        var batches: [[String]] = []
        while let batch = room.next() { batches.append(batch.entries) }
        #expect(batches == [["a", "c"], ["b", "f"], ["d"]])
    }

    @Test("A full room and a closed one take nobody in")
    func full() throws {
        let room = room { $0.waitingRequests = 2 }
        for name in ["a", "b"] { _ = try room.enter(name, model: 0, questions: 1) }
        #expect(throws: ServiceError.queueFull(waiting: 2)) {
            try room.enter("c", model: 0, questions: 1)
        }
        #expect(room.next()?.entries == ["a", "b"])
        room.close()
        #expect(throws: ServiceError.closing) { try room.enter("d", model: 0, questions: 1) }
        #expect(room.next() == nil)
    }

    @Test("Who leaves is not answered, and who was let out cannot leave")
    func leave() throws {
        let room = room()
        let numbers = try ["a", "b"].map { try room.enter($0, model: 0, questions: 1) }
        #expect(room.leave(numbers[0]) == "a")
        #expect(room.next()?.entries == ["b"])
        #expect(room.leave(numbers[1]) == nil)
    }

    @Test("A request waits for others, no longer than it may")
    func patience() async throws {
        let room = room { $0.batchMilliseconds = 300 }
        _ = try room.enter("a", model: 0, questions: 1)
        Thread.detachNewThread {
            usleep(50_000)
            _ = try? room.enter("b", model: 0, questions: 1)
        }
        let (entries, seconds) = try await onThread {
            let start = Date()
            return (room.next()?.entries, Date().timeIntervalSince(start))
        }
        #expect(entries == ["a", "b"])
        #expect(seconds < 2)
    }
}
