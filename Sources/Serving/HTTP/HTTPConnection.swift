import NIOCore
import NIOHTTP1

/// A client's connection: collects each request, has it answered in a task, and writes the
/// response.
///
/// Behind the pipeline handler of NIO, which lets one request in at a time. A client that closes
/// its side has its task cancelled.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// What a connection waits for.
    private enum State {
        case head
        case body(ServiceRequest, keepsAlive: Bool)
        /// The rest of a body that is too long.
        case excess
        case response(Task<Void, Never>, keepsAlive: Bool)
        case end
    }

    private let service: DecisionService
    private var state = State.head
    private var excess = 0
    private var timeout: Scheduled<Void>?

    /// How much of a body that is too long is passed over, so that its client reads why.
    private static let excessLimit = 1 << 20

    init(_ service: DecisionService) {
        self.service = service
    }

    func handlerAdded(context: ChannelHandlerContext) { waitForHead(context) }
    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (unwrapInboundIn(data), state) {
        case (.head(let head), .head):
            schedule(context, seconds: service.limits.requestSeconds) { [self] context in
                let seconds = service.limits.requestSeconds
                finish(context, .slowClient(seconds: seconds))
            }
            // A response to HEAD would have no body, which a client must not take for the next one;
            // and behind what may change the protocol the decoder looks for no other request.
            let mayChange = head.method == .CONNECT || head.headers.contains(name: "upgrade")
            let keepsAlive = head.isKeepAlive && head.method != .HEAD && !mayChange
            state = .body(ServiceRequest(head), keepsAlive: keepsAlive)
            let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
            if length > service.limits.bodyBytes { state = .excess }
            if head.version == .http1_1,
                head.headers["expect"].contains(where: { $0.lowercased() == "100-continue" })
            {
                if case .excess = state { return refuseExcess(context) }
                let goOn = HTTPResponseHead(version: .http1_1, status: .continue)
                context.writeAndFlush(wrapOutboundOut(.head(goOn)), promise: nil)
            }
        case (.body(let bytes), .body(var request, let keepsAlive)):
            guard request.body.count + bytes.readableBytes <= service.limits.bodyBytes else {
                state = .excess
                return
            }
            state = .head  // Let go of the bytes, which would be copied otherwise.
            request.body.append(contentsOf: bytes.readableBytesView)
            state = .body(request, keepsAlive: keepsAlive)
        case (.body(let bytes), .excess):
            excess += bytes.readableBytes
            if excess > Self.excessLimit { refuseExcess(context) }
        case (.end, .body(let request, let keepsAlive)):
            timeout?.cancel()
            answer(request, keepsAlive: keepsAlive, context)
        case (.end, .excess):
            refuseExcess(context)
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (error, state) {
        case (let error as HTTPParserError, .head), (let error as HTTPParserError, .body),
            (let error as HTTPParserError, .excess):
            finish(context, .malformed(headersTooLarge: error == .headerOverflow))
        default: context.close(promise: nil)
        }
    }

    private func answer(
        _ request: ServiceRequest,
        keepsAlive: Bool,
        _ context: ChannelHandlerContext
    ) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let (service, loop) = (service, context.eventLoop)
        let task = Task {
            let response = await service.response(to: request)
            loop.execute {
                let (connection, context) = bound.value
                guard let response, case .response = connection.state else { return }
                connection.write(response, keepsAlive: keepsAlive, context)
            }
        }
        state = .response(task, keepsAlive: keepsAlive)
    }

    private func write(
        _ response: ServiceResponse,
        keepsAlive: Bool,
        _ context: ChannelHandlerContext
    ) {
        var headers = HTTPHeaders(response.headers)
        headers.add(name: "Content-Length", value: "\(response.body.count)")
        headers.add(name: "X-Content-Type-Options", value: "nosniff")
        headers.add(name: "Cache-Control", value: "no-store")
        if !keepsAlive { headers.add(name: "Connection", value: "close") }
        let head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: response.status),
            headers: headers
        )
        if keepsAlive { waitForHead(context) } else { end(context) }
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let body = context.channel.allocator.buffer(bytes: response.body)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let isWritten = context.writeAndFlush(wrapOutboundOut(.end(nil)))
        if !keepsAlive {
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            isWritten.whenComplete { _ in bound.value.close(promise: nil) }
        }
    }

    /// Tells what is wrong with a request that has not come to its end, and closes.
    private func finish(_ context: ChannelHandlerContext, _ error: ServiceError) {
        timeout?.cancel()
        write(ServiceResponse(error), keepsAlive: false, context)
    }

    private func refuseExcess(_ context: ChannelHandlerContext) {
        finish(
            context,
            .tooLarge("the body has more than \(service.limits.bodyBytes) bytes")
        )
    }

    private func waitForHead(_ context: ChannelHandlerContext) {
        state = .head
        schedule(context, seconds: service.limits.idleSeconds) { $0.close(promise: nil) }
    }

    /// Closes once the response is written, or is not read for too long.
    private func end(_ context: ChannelHandlerContext) {
        state = .end
        schedule(context, seconds: service.limits.idleSeconds) { $0.close(promise: nil) }
    }

    private func schedule(
        _ context: ChannelHandlerContext,
        seconds: Int,
        _ body: @escaping (ChannelHandlerContext) -> Void
    ) {
        timeout?.cancel()
        let bound = NIOLoopBound((context, body), eventLoop: context.eventLoop)
        timeout = context.eventLoop.scheduleTask(in: .seconds(Int64(seconds))) {
            bound.value.1(bound.value.0)
        }
    }

    private func stop() {
        timeout?.cancel()
        if case .response(let task, _) = state { task.cancel() }
        state = .end
    }
}

extension ServiceRequest {
    fileprivate init(_ head: HTTPRequestHead) {
        method = head.method.rawValue
        var target = head.uri[...]
        // A proxy may ask for the whole address.
        for scheme in ["http://", "https://"] where target.lowercased().hasPrefix(scheme) {
            target = target.dropFirst(scheme.count).drop { !"/?#".contains($0) }
            if target.first != "/" { target = "/" + target }
        }
        path = String(target.prefix { $0 != "?" && $0 != "#" })
        authorization = head.headers["authorization"]
        source = RequestSource(hosts: head.headers["host"], origins: head.headers["origin"])
    }
}
