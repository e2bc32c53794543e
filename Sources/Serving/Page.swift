/// The page that asks from a browser, and the description of the routes, both compiled in.
enum Page {
    /// The routes and their bodies as OpenAPI has them.
    static let description = String(decoding: PackageResources.openapi_json, as: UTF8.self)

    private static let page = String(decoding: PackageResources.page_html, as: UTF8.self)

    /// The page, which may run its own script, reach this server, and nothing else.
    static func response() -> ServiceResponse {
        let nonce = (0..<4).map { _ in String(UInt32.random(in: 0 ... .max), radix: 16) }.joined()
        let policy = [
            "default-src 'none'", "script-src 'nonce-\(nonce)'", "style-src 'nonce-\(nonce)'",
            "connect-src 'self'", "base-uri 'none'", "form-action 'none'",
            "frame-ancestors 'none'",
        ]
        return ServiceResponse(
            page.replacing("NONCE", with: nonce),
            type: "text/html; charset=utf-8",
            headers: [("Content-Security-Policy", policy.joined(separator: "; "))]
        )
    }
}
