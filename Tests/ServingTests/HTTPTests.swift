import ClientSupport
import Foundation
import JSON
import Testing

@testable import Serving

@Suite("The server", .serialized)
struct HTTPTests {
    @Test("Requests to two models from 32 connections all get their own answers")
    func load() async throws {
        var limits = ServiceLimits()
        limits.waitingRequests = 32
        try await withTinyEngine(limits) { engine, _ in
            let bodies = (0..<40).map { index in
                body(
                    #"{"q\#(index)": {"type": "noul", "instructions": "Is it \#(index)?"}}"#,
                    state: "The day number \(index * index) is good",
                    model: index % 2 == 0 ? "ivon" : "adamw"
                )
            }
            try await withServer(engine, limits: limits) { port in
                let expected = try await onThread {
                    let client = try RawClient(port: port)
                    return try bodies.map { try noul(client.post($0)) }
                }
                let answered = LockedCount()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for connection in 0..<32 {
                        group.addTask {
                            try await onThread {
                                let client = try RawClient(port: port)
                                for turn in 0..<16 {
                                    let index = (connection * 7 + turn) % bodies.count
                                    let found = try noul(client.post(bodies[index]))
                                    if abs(found - expected[index]) < 1e-5 { answered.add() }
                                }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(Set(expected).count > 30, "answers must differ for mix-ups to show")
                #expect(answered.value == 32 * 16)
            }
        }
    }

    @Test("A full queue says when to ask again")
    func full() async throws {
        var limits = ServiceLimits()
        (limits.waitingRequests, limits.batchMilliseconds) = (1, 1000)
        try await withTinyEngine(limits) { engine, _ in
            try await withServer(engine, limits: limits) { port in
                let (first, second) = try await onThread {
                    let (one, other) = (try RawClient(port: port), try RawClient(port: port))
                    let body = body(mixed)
                    one.send(
                        "POST /v1/systemone HTTP/1.1\r\nContent-Length: \(body.count)\r\n\r\n"
                            .utf8 + body
                    )
                    while engine.waitingCount == 0 { usleep(1000) }
                    let refused = try other.post(body)
                    return (try one.receive(), refused)
                }
                #expect(first.status == 200)
                #expect(second.status == 429 && second.headers["retry-after"] == "1")
                #expect(String(decoding: second.body, as: UTF8.self).contains("rate_limit_error"))
            }
        }
    }

    @Test(
        "Bodies and headers that are too large, or no HTTP, get one answer and the connection ends"
    )
    func limits() async throws {
        var limits = ServiceLimits()
        (limits.bodyBytes, limits.headerBytes) = (1000, 2000)
        try await withServer(MadeEngine(), limits: limits) { port in
            try await onThread {
                let large = [UInt8](repeating: 0x20, count: 5000)
                let client = try RawClient(port: port)
                let refused = try client.post(large)
                #expect(refused.status == 413 && client.isClosed())
                #expect(
                    try refused.json().required("detail").required("message").string()
                        .contains("more than 1000 bytes")
                )
                let chunked = try RawClient(port: port)
                chunked.send(
                    "POST /v1/systemone HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".utf8
                )
                for _ in 0..<20 {
                    chunked.send("64\r\n".utf8 + large.prefix(100) + Array("\r\n".utf8))
                }
                chunked.send("0\r\n\r\n".utf8)
                #expect(try chunked.receive().status == 413)
                let headers = try RawClient(port: port)
                headers.send(
                    "GET / HTTP/1.1\r\nA: \(String(repeating: "x", count: 9000))\r\n\r\n".utf8
                )
                #expect([400, 431].contains(try headers.receive().status) && headers.isClosed())
                let garbage = try RawClient(port: port)
                garbage.send("\u{1}\u{2} no HTTP at all\r\n\r\n".utf8)
                let told = try garbage.receive()
                #expect(told.status == 400 && garbage.isClosed())
                #expect(try told.json().member("detail") != nil)
                #expect(try RawClient(port: port).get("/health").status == 200)
            }
        }
    }

    @Test(
        "Who asks for another protocol is answered in this one, and the connection ends",
        arguments: [
            ("GET", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c", 200),
            ("GET", "Connection: Upgrade\r\nUpgrade: websocket", 200),
            ("CONNECT", "Accept: */*", 405),
        ]
    )
    func upgrade(_ method: String, _ header: String, _ status: Int) async throws {
        try await withServer(MadeEngine()) { port in
            try await onThread {
                let client = try RawClient(port: port)
                client.send("\(method) /health HTTP/1.1\r\n\(header)\r\n\r\n".utf8)
                let response = try client.receive()
                #expect(response.headers["connection"] == "close" && client.isClosed())
                #expect(response.status == status)
            }
        }
    }

    @Test("A client that is too slow is told so, and one that says nothing is left")
    func slow() async throws {
        var limits = ServiceLimits()
        (limits.requestSeconds, limits.idleSeconds) = (1, 1)
        try await withServer(MadeEngine(), limits: limits) { port in
            try await onThread {
                let slow = try RawClient(port: port)
                slow.send("POST /v1/systemone HTTP/1.1\r\nContent-Length: 10\r\n\r\n{".utf8)
                let silent = try RawClient(port: port)
                silent.send("POST /v1/sys".utf8)
                #expect(try slow.receive().status == 408)
                #expect(slow.isClosed() && silent.isClosed())
            }
        }
    }

    @Test("No more is read from a client that does not read what it is answered")
    func unreadAnswers() async throws {
        try await withServer(MadeEngine()) { port in
            try await onThread {
                let client = try RawClient(port: port)
                let request = Array("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
                let block = Array(repeatElement(request, count: 1000).joined())
                // What the kernel holds of both sides, and no more.
                var sent = 0
                while sent < 64_000_000, client.sendAtOnce(block, seconds: 2) {
                    sent += block.count
                }
                #expect(sent < 64_000_000)
                #expect(try RawClient(port: port).get("/health").status == 200)
            }
        }
    }

    @Test("A client that does not read its last answer is closed after a time")
    func unreadEnd() async throws {
        var limits = ServiceLimits()
        limits.idleSeconds = 1
        try await withServer(MadeEngine(), limits: limits) { port in
            try await onThread {
                let client = try RawClient(port: port)
                let request = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n"
                client.send(String(repeating: request + "\r\n", count: 2000).utf8)
                client.send((request + "Connection: close\r\n\r\n").utf8)
                #expect(client.isHungUp(within: 20))
            }
        }
    }

    @Test("A whole address is asked for as its path is")
    func wholeAddress() async throws {
        try await withServer(MadeEngine()) { port in
            try await onThread {
                let client = try RawClient(port: port)
                for target in [
                    "http://localhost/health", "/health?x", "HTTP://localhost/health",
                    "http://localhost", "http://localhost?x=/nothing",
                ] {
                    client.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
                    #expect(try client.receive().status == 200, "\(target)")
                }
            }
        }
    }

    @Test("A client that asks whether to go on with its body is told")
    func expectation() async throws {
        try await withServer(MadeEngine()) { port in
            try await onThread {
                let client = try RawClient(port: port)
                let body = body(mixed)
                let head =
                    "POST /v1/systemone HTTP/1.1\r\nHost: localhost\r\n"
                    + "Expect: 100-continue\r\n"
                client.send((head + "Content-Length: \(body.count)\r\n\r\n").utf8)
                #expect(try client.receive().status == 100)
                client.send(body)
                #expect(try client.receive().status == 200)
                let old = try RawClient(port: port)
                let oldHead = head.replacingOccurrences(of: "HTTP/1.1", with: "HTTP/1.0")
                old.send((oldHead + "Content-Length: \(body.count)\r\n\r\n").utf8)
                old.send(body)
                #expect(try old.receive().status == 200)
                let large = try RawClient(port: port)
                large.send((head + "Content-Length: 1000000000\r\n\r\n").utf8)
                #expect(try large.receive().status == 413 && large.isClosed())
            }
        }
    }

    @Test("More connections than allowed are closed")
    func connections() async throws {
        var limits = ServiceLimits()
        limits.connections = 2
        try await withServer(MadeEngine(), limits: limits) { port in
            try await onThread {
                let clients = try (0..<2).map { _ in try RawClient(port: port) }
                for client in clients { #expect(try client.get("/health").status == 200) }
                #expect(try RawClient(port: port).isClosed())
                #expect(try clients[0].get("/health").status == 200)
            }
        }
    }

    @Test("A client that goes away has its request cancelled")
    func vanished() async throws {
        let engine = MadeEngine(delay: .seconds(30))
        try await withServer(engine) { port in
            try await onThread {
                let body = body(mixed)
                do {
                    let client = try RawClient(port: port)
                    client.send(
                        "POST /v1/systemone HTTP/1.1\r\nContent-Length: \(body.count)\r\n\r\n"
                            .utf8 + body
                    )
                    while engine.asked.value == 0 { usleep(1000) }
                }
                let end = Date().addingTimeInterval(TimeInterval(patience))
                while engine.cancelled.value == 0, Date() < end { usleep(1000) }
            }
        }
        #expect(engine.cancelled.value == 1)
    }

    @Test("A server that ends answers what was asked, and closes what is idle")
    func drain() async throws {
        let engine = MadeEngine(delay: .milliseconds(300))
        let server = HTTPServer(DecisionService(engine: engine))
        let listening = try await server.listen(host: "127.0.0.1", port: 0)
        let port = try #require(listening.localAddress?.port)
        let answer = Task {
            try await onThread {
                let idle = try RawClient(port: port)
                _ = try idle.get("/health")
                let status = try RawClient(port: port).post(body(mixed)).status
                return (status, idle.isClosed())
            }
        }
        while engine.asked.value == 0 { try await Task.sleep(for: .milliseconds(1)) }
        try await server.drain(listening)
        let (status, isClosed) = try await answer.value
        #expect(status == 200 && isClosed)
        #expect(throws: RawClient.Closed.self) { try RawClient(port: port) }
    }
}

/// The probability that the one answer of a response is true.
private func noul(_ response: RawClient.Response) throws -> Double {
    #expect(response.status == 200)
    let answers = try response.json().required("answers").children()
    return try #require(answers.first).node.required("noul").number()
}
