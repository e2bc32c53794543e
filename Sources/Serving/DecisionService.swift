import Foundation
import JSON

/// A request as the service sees it, whatever carries it.
struct ServiceRequest: Sendable {
    var method = "GET"
    /// The path without its query.
    var path = "/"
    /// The values of all `Authorization` headers.
    var authorization: [String] = []
    /// Who the request is said to be for and from, which tells programs from pages in a browser.
    var source = RequestSource()
    var body: [UInt8] = []
}

/// What the service answers a request.
struct ServiceResponse: Sendable {
    var status = 200
    var headers: [(name: String, value: String)] = []
    var body: [UInt8] = []

    init(_ text: String, type: String, headers: [(name: String, value: String)] = []) {
        self.headers = [("Content-Type", type)] + headers
        body = Array(text.utf8)
    }

    init(_ json: JSONValue) {
        self.init(json.json, type: "application/json")
    }

    init(_ error: ServiceError) {
        self.init(error.body)
        status = error.status
        headers += error.headers
    }
}

/// The routes of the server: what is asked where, and what answers.
struct DecisionService: Sendable {
    let engine: any DecisionEngine
    /// What `/v1/` and `/metrics` ask for; nil for nothing.
    let key: AccessKey?
    let limits: ServiceLimits
    /// Told what the engine says when it fails.
    var report: @Sendable (String) -> Void = { _ in }
    private let metrics = ServiceMetrics()

    /// The name that official clients ask for unless they are told another; the first model's.
    static let alias = "jev-latest"

    init(engine: any DecisionEngine, key: AccessKey? = nil, limits: ServiceLimits = .init()) {
        self.engine = engine
        self.key = key
        self.limits = limits
    }

    /// The response to a request; nil where its task was cancelled, so that nobody waits for one.
    func response(to request: ServiceRequest) async -> ServiceResponse? {
        do {
            return try await answer(request)
        } catch let error as ServiceError {
            return ServiceResponse(error)
        } catch is CancellationError {
            return nil
        } catch {
            report("\(error)")
            return ServiceResponse(.engine("\(error)"))
        }
    }

    private func answer(_ request: ServiceRequest) async throws -> ServiceResponse {
        // Who shows the key may come from anywhere.
        if key == nil { try request.source.check() }
        switch request.path {
        case "/v1/systemone":
            return try await counted {
                try check(request, method: "POST", needsKey: true)
                return try await decide(request)
            }
        case "/v1/models":
            try check(request, needsKey: true)
            return ServiceResponse(models)
        case "/metrics":
            try check(request, needsKey: true)
            return ServiceResponse(
                metrics.text(waiting: engine.waitingCount),
                type: "text/plain; version=0.0.4; charset=utf-8"
            )
        case "/health":
            try check(request)
            guard engine.isReady else { throw ServiceError.loading }
            return ServiceResponse(.object(of: [("status", .string("ready"))]))
        case "/openapi.json":
            try check(request)
            return ServiceResponse(Page.description, type: "application/json")
        case "/":
            try check(request)
            return Page.response()
        default: throw ServiceError.unknownPath(request.path)
        }
    }

    private func check(
        _ request: ServiceRequest,
        method: String = "GET",
        needsKey: Bool = false
    ) throws {
        guard request.method == method else { throw ServiceError.wrongMethod(allowed: method) }
        guard needsKey, let key else { return }
        guard let isRight = key.isShown(by: request.authorization), isRight else {
            throw ServiceError.unauthenticated(found: !request.authorization.isEmpty)
        }
    }

    /// Counts a question by the status and the time of its answer.
    private func counted(
        _ answer: () async throws -> ServiceResponse
    ) async throws -> ServiceResponse {
        let start = ContinuousClock.now
        func count(_ status: Int) {
            metrics.count(status: status, seconds: (ContinuousClock.now - start) / .seconds(1))
        }
        do {
            let response = try await answer()
            count(200)
            return response
        } catch let error as ServiceError {
            if case .engine(let reason) = error { report(reason) }
            count(error.status)
            throw error
        }
    }

    private func decide(_ request: ServiceRequest) async throws -> ServiceResponse {
        let asked = try DecisionRequest(request.body, maximumQuestions: limits.batchQuestions)
        let decision = try await engine.decide(asked.asked, by: asked.model.map(index) ?? 0)
        metrics.count(decision)
        return ServiceResponse(decision.body)
    }

    private func index(of name: String) throws -> Int {
        let names = engine.models.map(\.name)
        if let index = names.firstIndex(where: { $0.utf8.elementsEqual(name.utf8) }) {
            return index
        }
        if name == Self.alias { return 0 }
        throw ServiceError.unknownModel(name, served: names + [Self.alias])
    }

    private var models: JSONValue {
        let first = engine.models[0]
        let alias = ServedModel(
            name: Self.alias,
            description: "Another name of \(first.name).",
            releaseDate: first.releaseDate
        )
        // A run may have the alias for its name.
        let isTaken = engine.models.contains { $0.name == Self.alias }
        return .object(of: [
            (
                "models",
                .array(
                    (engine.models + (isTaken ? [] : [alias])).map { model in
                        .object(of: [
                            ("name", .string(model.name)),
                            ("description", .string(model.description)),
                            ("release_date", .string(model.releaseDate)),
                        ])
                    }
                )
            )
        ])
    }
}
