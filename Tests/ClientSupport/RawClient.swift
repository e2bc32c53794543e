import Foundation
import JSON

#if canImport(Darwin)
private let streamKind = SOCK_STREAM
private let withoutSignal: Int32 = 0
#else
private let streamKind = Int32(SOCK_STREAM.rawValue)
private let withoutSignal = Int32(MSG_NOSIGNAL)
#endif

/// A connection that sends any bytes and reads responses, on a thread that may block.
public final class RawClient {
    /// What a server has answered.
    public struct Response: Sendable {
        /// The status code.
        public let status: Int
        /// Names in lower case.
        public let headers: [String: String]
        /// The body.
        public let body: [UInt8]

        /// The body, parsed.
        public func json() throws -> JSONNode { try JSONNode(parsing: body, file: "response") }
    }

    /// The server has closed the connection, or refuses one.
    public struct Closed: Error {}

    /// The server has said nothing, and has not closed, for as long as a test waits.
    public struct Silent: Error {}

    private let descriptor: Int32
    private var received: [UInt8] = []

    /// A connection to a port of this machine.
    ///
    /// - Throws: ``Closed`` where nothing listens.
    public init(port: Int) throws {
        descriptor = socket(AF_INET, streamKind, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if status != 0 { throw Closed() }
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &limit,
            socklen_t(MemoryLayout<timeval>.size)
        )
    }

    deinit { close(descriptor) }

    /// Sends bytes, as far as the server takes them.
    public func send(_ bytes: some Collection<UInt8>) {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, withoutSignal)
            }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Sends bytes without waiting longer than some seconds until the server takes them.
    ///
    /// - Returns: whether all are sent.
    public func sendAtOnce(_ bytes: [UInt8], seconds: Int) -> Bool {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
        let count = bytes.withUnsafeBytes {
            Foundation.send(descriptor, $0.baseAddress, $0.count, withoutSignal)
        }
        return count == bytes.count
    }

    /// Whether the server closes within some seconds, though nothing is read.
    public func isHungUp(within seconds: Int) -> Bool {
        // Linux tells by POLLRDHUP, which Swift does not import, that the other side has closed.
        let hangUp = Int16(0x2000)
        var waiting = pollfd(fd: descriptor, events: hangUp, revents: 0)
        let end = hangUp | Int16(POLLHUP) | Int16(POLLERR)
        return poll(&waiting, 1, Int32(seconds * 1000)) > 0 && waiting.revents & end != 0
    }

    /// Posts a body, and waits for the response.
    public func post(
        _ body: [UInt8],
        path: String = "/v1/systemone",
        headers: [String] = []
    ) throws -> Response {
        send(Self.request(body, path: path, headers: headers))
        return try receive()
    }

    /// A request that posts a body.
    public static func request(
        _ body: [UInt8],
        path: String = "/v1/systemone",
        headers: [String] = []
    ) -> [UInt8] {
        let lines = ["POST \(path) HTTP/1.1", "Host: localhost", "Content-Length: \(body.count)"]
        return Array(((lines + headers).joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    /// Asks for a path, and waits for the response.
    public func get(_ path: String) throws -> Response {
        send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
        return try receive()
    }

    /// The next response.
    ///
    /// - Throws: ``Closed`` where the server closes first, ``Silent``.
    public func receive() throws -> Response {
        var end = endOfHead()
        while end == nil {
            try read()
            end = endOfHead()
        }
        let head = String(decoding: received[..<(end ?? 0)], as: UTF8.self)
        let lines = head.components(separatedBy: "\r\n")
        let headers = Dictionary(
            lines.dropFirst().map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
            },
            uniquingKeysWith: { $1 }
        )
        received.removeFirst((end ?? 0) + 4)
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while received.count < length { try read() }
        defer { received.removeFirst(length) }
        return Response(
            status: Int(lines[0].split(separator: " ")[1]) ?? 0,
            headers: headers,
            body: Array(received.prefix(length))
        )
    }

    /// The statuses of all responses to bytes that may be any number of requests, or a part of one;
    /// nil where the server does not close in the end.
    ///
    /// What follows the bytes is no request and no chunk, longer than heads may be, and in the end
    /// more than is read of a body, so that a server comes to an end with whatever it waits for.
    public func statuses(of bytes: [UInt8]) -> [Int]? {
        send(bytes)
        for turn in 1...20 {
            send([UInt8](repeating: 0x78, count: 1 << 16))
            var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            while poll(&event, 1, turn < 20 ? 2 : Int32(patience * 1000)) == 1 {
                guard isClosed() else { continue }
                let texts = String(decoding: received, as: UTF8.self)
                    .components(separatedBy: "HTTP/1.1 ")
                return texts.dropFirst().compactMap { Int($0.prefix(3)) }
            }
        }
        return nil
    }

    /// Where the empty line is that ends the head of a response.
    private func endOfHead() -> Int? {
        Data(received).range(of: Data("\r\n\r\n".utf8))?.lowerBound
    }

    /// Whether the server closes the connection, and says no more.
    public func isClosed() -> Bool {
        do {
            try read()
            return false
        } catch {
            return error is Closed
        }
    }

    private func read() throws {
        var bytes = [UInt8](repeating: 0, count: 65536)
        var count = recv(descriptor, &bytes, bytes.count, 0)
        // A machine that was halted for a while interrupts what waits with a limit (signal(7)).
        while count < 0, errno == EINTR { count = recv(descriptor, &bytes, bytes.count, 0) }
        if count < 0, errno == EAGAIN { throw Silent() }
        if count <= 0 { throw Closed() }
        received += bytes.prefix(count)
    }
}

/// Runs `body` on a thread of its own, where it may block.
public func onThread<Result: Sendable>(
    _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result(catching: body)) }
    }
}
