import ClientSupport
import Foundation
import JSON
import Synchronization
import Testing

@testable import Serving

/// Faulty requests by the thousand, each made of the seed and its number alone.
@Suite("The server under a fuzz")
struct FuzzTests {
    private static let seed: UInt64 = 20_261_128
    private static let (bodies, all, clients) = (40_000, 50_000, 8)

    /// How often there was each status, and what must not be.
    private struct Findings: Sendable {
        var statuses: [Int: Int] = [:]
        var faults: [String] = []

        /// Takes in the statuses that bytes got, nil for no answer and no end.
        mutating func add(_ found: [Int]?, number: Int, _ bytes: [UInt8]) {
            for status in found ?? [] { statuses[status, default: 0] += 1 }
            if let found, found.allSatisfy({ $0 < 500 }) { return }
            let text = String(decoding: bytes.prefix(2000), as: UTF8.self).debugDescription
            let told = found.map { "\($0)" } ?? "nothing"
            faults.append("seed \(FuzzTests.seed), case \(number): \(told) for \(text)")
        }

        mutating func add(_ other: Findings) {
            statuses.merge(other.statuses, uniquingKeysWith: +)
            faults += other.faults
        }
    }

    @Test("Of 50,000 bodies and heads none gets a 5xx, and good requests are answered all along")
    func fuzz() async throws {
        let found = Mutex(Findings())
        try await withServer(MadeEngine()) { port in
            try await withThrowingTaskGroup(of: Findings.self) { group in
                for client in 0..<Self.clients {
                    group.addTask { try await onThread { try send(client, port: port) } }
                }
                for try await part in group { found.withLock { $0.add(part) } }
            }
            let last = try await onThread { try RawClient(port: port).post(body(mixed)).status }
            #expect(last == 200)
        }
        let (statuses, faults) = found.withLock { ($0.statuses, $0.faults) }
        #expect(faults.isEmpty, "\(faults.count): \(faults.prefix(3))")
        // Refusals of all kinds are there, and enough that is understood.
        for status in [200, 400, 403, 404, 405, 413, 422, 431] {
            #expect(statuses[status, default: 0] > 5, "\(statuses)")
        }
    }

    /// Sends the cases of a client: bodies on one connection, some of them in one piece, and each
    /// head on a connection of its own.
    private func send(_ client: Int, port: Int) throws -> Findings {
        var found = Findings()
        let connection = try RawClient(port: port)
        for first in stride(from: client * 10, to: Self.bodies, by: Self.clients * 10) {
            let bodies = (first..<first + 10).map { number in
                var random = Xorshift(seed: Self.seed, number: number)
                return FuzzCases.changedBody(&random)
            }
            connection.send(bodies.reduce(into: []) { $0 += RawClient.request($1) })
            for (number, bytes) in zip(first..., bodies) {
                found.add([try connection.receive().status], number: number, bytes)
            }
        }
        for number in stride(from: Self.bodies + client, to: Self.all, by: Self.clients) {
            var random = Xorshift(seed: Self.seed, number: number)
            let bytes = FuzzCases.faultyRequest(&random)
            found.add(try RawClient(port: port).statuses(of: bytes), number: number, bytes)
        }
        return found
    }
}
