import ClientSupport
import Foundation
import TestSupport
import Testing

/// A server of the real model, asked by all that ask those of tiny models in the other tests.
@Suite(
    "Serving a real model",
    .serialized,
    .enabled(if: RealModel.isWanted, "VARLORA_DEMO does not name the demo model's folder")
)
struct ServedModelTests {
    @Test("Clients, a browser and many requests get its answers, and SIGTERM ends it at work")
    func isAsked() throws {
        try ServedRun.withRealModel { tool in
            try Self.rows.predict(tool)
            let (server, address) = try ServedRun.start(tool, ["--threads", "2"])
            if Clients.areThere { try Clients.checkRequirements(address, tool) }
            if Browser.path != nil { try checkPage(address, tool) }
            let port = try #require(address.split(separator: ":").last.flatMap { Int($0) })
            try beFaulty(port) {
                try Self.rows.ask(server, at: address, requests: Self.requests, tool)
            }
            try stopAtWork(server, address, tool)
            guard Clients.areThere else { return }
            let (locked, door) = try ServedRun.start(tool, ["--threads", "2", "--key-file", "key"])
            try Clients.checkRequirements(door, key: ServedRun.key, tool)
            try Clients.checkAnswers(door, key: ServedRun.key, tool)
            try ServedRun.stop(locked)
        }
    }

    private func checkPage(_ address: String, _ tool: Tool) throws {
        for width in [360, 1280] {
            for isDark in [false, true] {
                let page = try DecisionPage(
                    BrowserPage(address, in: tool.folder, width: width, isDark: isDark)
                )
                try page.ask()
                #expect(try page.marks(at: 0).count == 3)
                #expect(try page.marks(at: 1).allSatisfy { $0.hasPrefix("abstains") })
                let faults = try page.faults()
                #expect(faults.isEmpty, "\(faults)")
            }
        }
    }

    /// Is slow, leaves, asks for too much and talks no HTTP while others ask.
    private func beFaulty(_ port: Int, while body: () throws -> Void) throws {
        let whole = RawClient.request(
            Array(
                #"{"model": "run", "state": "1", "questions": {"q": {"type": "noul"}}}"#.utf8
            )
        )
        let slow = try (0..<4).map { _ in try RawClient(port: port) }
        for client in slow { client.send(whole.dropLast(9)) }
        for length in 0..<100 {
            // Each leaves at once, before or after its request is whole.
            try RawClient(port: port).send(whole.prefix(whole.count - length % 3 * 20))
        }
        let large = try RawClient(port: port)
        #expect(try large.post([UInt8](repeating: 0x20, count: 70_000)).status == 413)
        let garbage = try RawClient(port: port)
        garbage.send("\u{1}\u{2} no HTTP at all\r\n\r\n".utf8)
        #expect(try garbage.receive().status == 400 && garbage.isClosed())
        try body()
        for client in slow { #expect(try client.receive().status == 408 && client.isClosed()) }
        #expect(try RawClient(port: port).get("/health").status == 200)
    }

    /// Ends the server while it has more to do than it can do at once.
    private func stopAtWork(_ server: RunningTool, _ address: String, _ tool: Tool) throws {
        let script = Checkout.file("Benchmarks/serve_load.py").path
        let client = try tool.start(
            ["python3", script, address, "run", "rows.jsonl", "answers.jsonl", "10000", "32"],
            program: URL(fileURLWithPath: "/usr/bin/env")
        )
        sleep(2)
        try ServedRun.stop(server)
        #expect(try client.wait().exitCode != 0)
    }

    /// A thousand, or as many as the environment says.
    private static let requests =
        ProcessInfo.processInfo.environment["VARLORA_REQUESTS"].flatMap { Int($0) } ?? 1000

    /// Short ones, since many are asked.
    private static let rows = ServedRows(
        (0..<200).map { number in
            let even = #"{"type": "noul", "instructions": "Even?"}"#
            let kind = #"{"type": "choice", "criteria": {"odd": null, "even": null}}"#
            return (state: "\(number)", number.isMultiple(of: 2) ? even : kind)
        }
    )
}
