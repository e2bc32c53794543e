import NIOCore
import Synchronization

/// Runs and models behind a port: what `varlora serve` runs.
public struct DecisionServer: Sendable {
    /// What is told to who runs the server.
    public enum Event: Equatable, Sendable {
        /// The port is open; answers come once the models are loaded.
        case listening(host: String, port: Int)
        /// The models are loaded.
        case ready
        /// The engine failed at a request, with its reason.
        case failed(String)
    }

    /// What is served.
    public let subjects: ServedSubjects
    /// The key that requests must show; nil for none.
    public let key: AccessKey?
    /// How much is taken from clients.
    public let limits: ServiceLimits

    /// A server that is not running yet.
    public init(
        _ subjects: ServedSubjects,
        key: AccessKey? = nil,
        limits: ServiceLimits = ServiceLimits()
    ) {
        self.subjects = subjects
        self.key = key
        self.limits = limits
    }

    /// Serves until `stop` returns, then answers what was asked, and ends.
    ///
    /// - Throws: ``ServingError`` where the address cannot be listened on, or needs a key; an error
    ///   that names file, key, expected and found where a model cannot be loaded.
    public func run(
        host: String,
        port: Int,
        until stop: @escaping @Sendable () async -> Void,
        observer: @escaping @Sendable (Event) -> Void
    ) async throws {
        guard key != nil || Loopback.isAddress(host) else {
            throw ServingError.openWithoutKey(host: host)
        }
        let (ends, end) = AsyncStream<(any Error)?>.makeStream()
        let (subjects, limits) = (subjects, limits)
        let (threadEnds, threadEnd) = AsyncStream<Never>.makeStream()
        let engine = RunEngine(subjects.models, limits)
        var service = DecisionService(engine: engine, key: key, limits: limits)
        service.report = { observer(.failed($0)) }
        let server = HTTPServer(service)
        let listening = try await server.listen(host: host, port: port)
        observer(.listening(host: host, port: listening.localAddress?.port ?? port))
        engine.start(
            load: { try subjects.load(limits) },
            onLoad: { error in
                if let error { end.yield(error) } else { observer(.ready) }
            },
            onEnd: { threadEnd.finish() }
        )
        let waiting = Task {
            await stop()
            end.yield(nil)
        }
        var reasons = ends.makeAsyncIterator()
        let failure = await reasons.next() ?? nil
        waiting.cancel()
        try await server.drain(listening)
        engine.close()
        for await _ in threadEnds {}
        if let failure { throw failure }
    }
}
