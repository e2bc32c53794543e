import ClientSupport
import Foundation
import TestSupport
import Testing

@testable import Serving

@Suite("Where requests come from")
struct RequestSourceTests {
    @Test(
        "Only this machine's own addresses are loopback ones",
        arguments: [
            ("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("localhost", true),
            ("LocalHost", true), ("0.0.0.0", false), ("::", false), ("192.168.1.2", false),
            ("example.org", false), ("127.0.0.1.example.org", false), ("", false),
        ]
    )
    func loopback(_ host: String, _ isLoopback: Bool) {
        #expect(Loopback.isAddress(host) == isLoopback)
    }

    @Test(
        "Without a key no page of others is answered, by a name of its own or from elsewhere",
        arguments: [
            (["127.0.0.1:8080"], [], true), (["localhost"], [], true), (["[::1]:80"], [], true),
            (["LOCALHOST:8080"], [], true), (["127.0.0.1"], ["http://127.0.0.1"], true),
            (["localhost:8080"], ["http://localhost:8080"], true), ([], [], true),
            (["rebound.example:8080"], [], false), (["127.0.0.1.example"], [], false),
            (["localhost.example"], [], false), (["192.168.1.2:8080"], [], false),
            (["127.0.0.1:80:80"], [], false), (["[localhost]"], [], false), (["::1"], [], false),
            (["127.0.0.1@example"], [], false), (["127.0.0.1", "example"], [], false),
            (["rebound.example"], ["http://rebound.example"], false),
            (["127.0.0.1:8080"], ["https://example.org"], false),
            (["127.0.0.1:8080"], ["http://127.0.0.1:3000"], false),
            (["127.0.0.1:8080"], ["http://localhost:8080"], false),
            (["127.0.0.1:8080"], ["null"], false), ([], ["http://127.0.0.1"], false),
            (["127.0.0.1"], ["http://127.0.0.1", "http://example.org"], false),
        ] as [([String], [String], Bool)]
    )
    func pages(_ hosts: [String], _ origins: [String], _ isAnswered: Bool) async throws {
        for (method, path) in [("POST", "/v1/systemone"), ("GET", "/"), ("GET", "/none")] {
            var request = ServiceRequest(method: method, path: path, body: body(mixed))
            request.source = RequestSource(hosts: hosts, origins: origins)
            let service = DecisionService(engine: MadeEngine())
            let response = try #require(await service.response(to: request))
            #expect((response.status != 403) == isAnswered, "\(hosts), \(origins), \(path)")
            let text = String(decoding: response.body, as: UTF8.self)
            #expect(text.contains("permission_error") == !isAnswered)
        }
    }

    @Test("With a key requests may come from anywhere, as pages of others do not know it")
    func withKey() async throws {
        let text = "0123456789abcdef"
        let key = try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("key")
            try Data(text.utf8).write(to: file)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600],
                ofItemAtPath: file.path
            )
            return try AccessKey(contentsOf: file)
        }
        let service = DecisionService(engine: MadeEngine(), key: key)
        for (shown, status) in [("Bearer \(text)", 200), ("Bearer another-key-than-it", 401)] {
            var request = ServiceRequest(path: "/v1/models", authorization: [shown])
            request.source = RequestSource(
                hosts: ["decisions.example"],
                origins: ["https://example.org"]
            )
            #expect(await service.response(to: request)?.status == status)
        }
    }

    @Test("Headers of a connection are looked at")
    func connection() async throws {
        try await withServer(MadeEngine()) { port in
            try await onThread {
                for (headers, status) in [
                    ("Host: rebound.example", 403), ("Host: localhost:\(port)", 200),
                    ("Host: 127.0.0.1\r\nOrigin: https://example.org", 403),
                ] {
                    let client = try RawClient(port: port)
                    client.send("GET /v1/models HTTP/1.1\r\n\(headers)\r\n\r\n".utf8)
                    #expect(try client.receive().status == status)
                }
            }
        }
    }
}
