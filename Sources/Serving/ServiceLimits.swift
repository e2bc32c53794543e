/// How much is taken from clients.
public struct ServiceLimits: Equatable, Sendable {
    /// Bytes of a body.
    public var bodyBytes = 64 * 1024
    /// Bytes of all headers, and of each.
    public var headerBytes = 16 * 1024
    /// Headers of a request.
    public var headerCount = 100
    /// Seconds from a request's headers to its end.
    public var requestSeconds = 10
    /// Seconds that a connection may be without a request, or take for the headers of one.
    public var idleSeconds = 60
    /// Connections at a time; one more is closed at once.
    public var connections = 512
    /// Requests that may wait for the engine.
    public var waitingRequests = 256
    /// Tokens of a question with its state; models that take fewer have a limit of their own.
    public var promptTokens = 8192
    /// Questions of a batch, and so of a request.
    public var batchQuestions = 64
    /// Milliseconds that a request waits for others to join its batch.
    public var batchMilliseconds = 2.0

    /// The defaults.
    public init() {}
}
