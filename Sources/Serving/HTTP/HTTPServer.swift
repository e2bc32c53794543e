import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The service on a port, over HTTP/1.1.
final class HTTPServer: Sendable {
    private let service: DecisionService
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let clients = Mutex<[ObjectIdentifier: any Channel]>([:])

    init(_ service: DecisionService) {
        self.service = service
    }

    /// Listens on an address until the channel is closed; port 0 is any free one.
    ///
    /// - Throws: ``ServingError/cannotListen(host:port:reason:)``.
    func listen(host: String, port: Int) async throws -> any Channel {
        do {
            return try await ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 256)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { [self] client in
                    client.eventLoop.makeCompletedFuture { try accept(client) }
                }
                .bind(host: host, port: port)
                .get()
        } catch {
            let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) }
            throw ServingError.cannotListen(
                host: host,
                port: port,
                reason: reason?.lowercased() ?? "\(error)"
            )
        }
    }

    private func accept(_ client: any Channel) throws {
        let isWelcome = clients.withLock { clients in
            guard clients.count < service.limits.connections else { return false }
            clients[ObjectIdentifier(client)] = client
            return true
        }
        guard isWelcome else { return client.close(promise: nil) }
        client.closeFuture.whenComplete { [self] _ in
            clients.withLock { $0[ObjectIdentifier(client)] = nil }
        }
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = service.limits.headerBytes
        limits.maxHeaderListSize = service.limits.headerBytes
        limits.maxHeaderFieldCount = service.limits.headerCount
        let pipeline = client.pipeline.syncOperations
        // No more is read from a client that does not read what it is answered.
        try pipeline.addHandler(BackPressureHandler())
        try pipeline.configureHTTPServerPipeline(
            withErrorHandling: false,
            withEncoderConfiguration: HTTPResponseEncoder.Configuration(),
            withDecoderLimitConfiguration: limits
        )
        try pipeline.addHandler(HTTPConnection(service))
    }

    /// Closes a listening channel, and the connections, each after the response it waits for.
    func drain(_ listening: any Channel) async throws {
        try? await listening.close()
        for client in clients.withLock({ Array($0.values) }) {
            client.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        for client in clients.withLock({ Array($0.values) }) {
            try? await client.closeFuture.get()
        }
        try await group.shutdownGracefully()
    }
}
