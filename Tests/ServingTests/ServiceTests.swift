import Foundation
import JSON
import TestSupport
import Testing

@testable import Serving

@Suite("The service without HTTP")
struct ServiceTests {
    private func response(
        _ method: String,
        _ path: String,
        _ body: [UInt8] = [],
        key: AccessKey? = nil,
        authorization: [String] = [],
        engine: MadeEngine = MadeEngine()
    ) async throws -> (status: Int, text: String) {
        let service = DecisionService(engine: engine, key: key)
        let request = ServiceRequest(
            method: method,
            path: path,
            authorization: authorization,
            body: body
        )
        let response = try #require(await service.response(to: request))
        return (response.status, String(decoding: response.body, as: UTF8.self))
    }

    @Test("A model answers by its name, the first by the alias, and others are unknown")
    func names() async throws {
        for (name, found) in [("first", "first"), ("second", "second"), ("jev-latest", "first")] {
            let (status, text) = try await response(
                "POST",
                "/v1/systemone",
                body(mixed, model: name)
            )
            #expect(status == 200 && text.hasPrefix(#"{"model":"\#(found)","#))
        }
        let unnamed = Array(#"{"state": "", "questions": \#(mixed)}"#.utf8)
        let answer = try await response("POST", "/v1/systemone", unnamed)
        #expect(answer.text.hasPrefix(#"{"model":"first","#), "some clients name none")
        let (status, text) = try await response(
            "POST",
            "/v1/systemone",
            body(mixed, model: "third")
        )
        #expect(status == 400)
        #expect(text.contains(#""error_type":"api_usage_error""#))
        #expect(text.contains("first, second, jev-latest"))
        let models = try await response("GET", "/v1/models").text
        for name in ["first", "second", "jev-latest"] {
            #expect(models.contains(#""name":"\#(name)""#))
        }
    }

    @Test(
        "Other paths and methods are told what is wrong",
        arguments: [
            ("GET", "/v2", 404, "not_found"), ("GET", "/../etc/passwd", 404, "not_found"),
            ("GET", "/v1/systemone", 405, "POST"), ("POST", "/v1/models", 405, "GET"),
            ("DELETE", "/", 405, "GET"),
        ]
    )
    func paths(_ method: String, _ path: String, _ status: Int, _ says: String) async throws {
        let found = try await response(method, path)
        #expect(found.status == status && found.text.contains(says))
    }

    @Test("Health is 503 until the models are loaded")
    func health() async throws {
        #expect(try await response("GET", "/health").status == 200)
        let loading = MadeEngine(isReady: false)
        #expect(try await response("GET", "/health", engine: loading).status == 503)
    }

    @Test("The description of the routes is JSON, and the page allows its own script alone")
    func resources() async throws {
        let description = try await response("GET", "/openapi.json").text
        let node = try JSONNode(parsing: Array(description.utf8), file: "openapi.json")
        #expect(try node.required("paths").children().map(\.name).contains("/v1/systemone"))
        let page = Page.response()
        let text = String(decoding: page.body, as: UTF8.self)
        let policy = try #require(page.headers.last).value
        let nonce = try #require(policy.firstMatch(of: /'nonce-([0-9a-f]+)'/)).1
        #expect(text.contains("<script nonce=\"\(nonce)\">") && !text.contains("NONCE"))
        #expect(policy.hasPrefix("default-src 'none'") && !policy.contains("unsafe"))
        #expect(Page.response().headers.last?.value != policy)
    }

    @Test("Metrics count requests, answers and abstentions")
    func metrics() async throws {
        let service = DecisionService(engine: MadeEngine())
        for body in [body(mixed), body("{}"), body(mixed, model: "second")] {
            let request = ServiceRequest(method: "POST", path: "/v1/systemone", body: body)
            _ = await service.response(to: request)
        }
        _ = await service.response(to: ServiceRequest(path: "/v1/systemone"))
        let request = ServiceRequest(path: "/metrics")
        let response = try #require(await service.response(to: request))
        let lines = Set(String(decoding: response.body, as: UTF8.self).split(separator: "\n"))
        let expected: Set<Substring> = [
            #"varlora_requests_total{status="200"} 2"#, #"varlora_requests_total{status="422"} 1"#,
            #"varlora_requests_total{status="405"} 1"#, "varlora_request_seconds_count 4",
            "varlora_waiting_requests 3",
            #"varlora_answers_total{model="first"} 3"#,
            #"varlora_abstentions_total{model="second"} 2"#,
        ]
        #expect(lines.isSuperset(of: expected))
    }

    @Test("A key is asked for where one is set, and is read from the bearer alone")
    func key() async throws {
        let text = "0123456789abcdef"
        let key = try withKeyFile(text + "\n", mode: 0o600) { try AccessKey(contentsOf: $0) }
        let cases: [(headers: [String], status: Int)] = [
            (["Bearer \(text)"], 200), (["bearer \(text)"], 200), ([], 401), (["Bearer"], 401),
            (["Bearer \(text)0"], 401), (["Bearer 0123456789abcde"], 401),
            (["Bearer 1123456789abcdef"], 401), (["Basic \(text)"], 401), ([text], 401),
            (["Bearer \(text)", "Bearer \(text)"], 401),
        ]
        for (headers, status) in cases {
            for (method, path) in [("POST", "/v1/systemone"), ("GET", "/v1/models")] {
                let found = try await response(
                    method,
                    path,
                    body(mixed),
                    key: key,
                    authorization: headers
                )
                #expect(found.status == status, "\(headers)")
                let isTold = found.text.contains("authentication_error")
                #expect(isTold == (status == 401) && !found.text.contains(text))
            }
        }
        #expect(try await response("GET", "/health", key: key).status == 200)
        let open = try await response("GET", "/v1/models", authorization: ["Bearer any"])
        #expect(open.status == 200)
    }

    @Test(
        "A key that others can read, or that is none, is refused",
        arguments: [
            ("0123456789abcdef", 0o644, "chmod 600"), ("0123456789abcdef", 0o640, "chmod 600"),
            ("short", 0o600, "found 5"), ("0123456789 abcdef", 0o600, "visible"), ("", 0o600, "0"),
        ]
    )
    func badKeys(_ text: String, _ mode: Int, _ says: String) throws {
        let error = try #require(throws: ServingError.self) {
            try withKeyFile(text, mode: mode) { try AccessKey(contentsOf: $0) }
        }
        #expect("\(error)".contains(says))
    }

    private func withKeyFile<Result>(
        _ text: String,
        mode: Int,
        _ body: (URL) throws -> Result
    ) throws -> Result {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("key")
            try Data(text.utf8).write(to: file)
            try FileManager.default.setAttributes(
                [.posixPermissions: mode],
                ofItemAtPath: file.path
            )
            return try body(file)
        }
    }
}
