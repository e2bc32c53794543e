import JSON

/// Why a request gets no answer, with the status and the body that say so.
///
/// What is wrong with a body is told as `{"detail": [{"loc", "msg", "type"}]}`, anything else as
/// `{"detail": {"error_type", "message"}}`.
enum ServiceError: Error, Equatable {
    /// The body is not JSON, or asks in a way that is not understood; `place` leads to the value.
    case invalid(place: [JSONValue], message: String, type: String)
    /// What is served has no such name.
    case unknownModel(String, served: [String])
    /// The key is missing, or another.
    case unauthenticated(found: Bool)
    /// `Host` names another machine, as where a page has this server under a name of its own.
    case foreignHost(String)
    /// `Origin` is a page that this server did not show.
    case foreignOrigin(String)
    /// There is no such page.
    case unknownPath(String)
    /// The page is there for another method.
    case wrongMethod(allowed: String)
    /// The body or a question is too long; the reason is a sentence.
    case tooLarge(String)
    /// The request did not arrive in time.
    case slowClient(seconds: Int)
    /// The request is not HTTP, or has headers without end.
    case malformed(headersTooLarge: Bool)
    /// As many requests wait as may.
    case queueFull(waiting: Int)
    /// Models are being loaded.
    case loading
    /// The server is about to end.
    case closing
    /// The engine failed; what it said is for the one who runs the server.
    case engine(String)

    /// The HTTP status.
    var status: Int {
        switch self {
        case .invalid: 422
        case .unknownModel: 400
        case .unauthenticated: 401
        case .foreignHost, .foreignOrigin: 403
        case .unknownPath: 404
        case .wrongMethod: 405
        case .tooLarge: 413
        case .slowClient: 408
        case .malformed(let headersTooLarge): headersTooLarge ? 431 : 400
        case .queueFull: 429
        case .loading, .closing: 503
        case .engine: 500
        }
    }

    /// Headers beside those of every response.
    var headers: [(name: String, value: String)] {
        switch self {
        case .unauthenticated: [("WWW-Authenticate", "Bearer")]
        case .wrongMethod(let allowed): [("Allow", allowed)]
        case .queueFull, .loading, .closing: [("Retry-After", "1")]
        default: []
        }
    }

    /// The body of the response.
    var body: JSONValue {
        switch self {
        case .invalid(let place, let message, let type):
            .object(of: [
                (
                    "detail",
                    .array([
                        .object(of: [
                            ("loc", .array([.string("body")] + place)),
                            ("msg", .string(message)), ("type", .string(type)),
                        ])
                    ])
                )
            ])
        default:
            .object(of: [
                (
                    "detail",
                    .object(of: [("error_type", .string(type)), ("message", .string(message))])
                )
            ])
        }
    }

    private var type: String {
        switch self {
        case .invalid(_, _, let type): type
        case .unknownModel, .malformed: "api_usage_error"
        case .unauthenticated: "authentication_error"
        case .foreignHost, .foreignOrigin: "permission_error"
        case .unknownPath: "not_found"
        case .wrongMethod: "method_not_allowed"
        case .tooLarge: "request_too_large"
        case .slowClient: "request_timeout"
        case .queueFull: "rate_limit_error"
        case .loading, .closing: "unavailable"
        case .engine: "internal_error"
        }
    }

    /// One sentence for who asked.
    var message: String {
        switch self {
        case .invalid(_, let message, _): message
        case .unknownModel(let name, let served):
            "model: expected one of \(served.joined(separator: ", ")), found \(name.quoted)"
        case .unauthenticated(let found):
            found
                ? "the key is not the one of this server"
                : "expected the header Authorization: Bearer KEY, found none"
        case .foreignHost(let host):
            "Host: expected a loopback address or localhost, as the server has no key, found "
                + host.quoted
        case .foreignOrigin(let origin):
            "Origin: expected none or this server's own page, as the server has no key, found "
                + origin.quoted
        case .unknownPath(let path): "there is nothing at \(path.quoted)"
        case .wrongMethod(let allowed): "expected the method \(allowed)"
        case .tooLarge(let reason): reason
        case .slowClient(let seconds): "the request did not arrive within \(seconds) s"
        case .malformed(let headersTooLarge):
            headersTooLarge ? "the headers are too large" : "this is no HTTP request"
        case .queueFull(let waiting): "\(waiting) requests wait already; ask again later"
        case .loading: "the model is being loaded"
        case .closing: "the server is about to end"
        case .engine: "the engine failed; the server's log says why"
        }
    }
}
