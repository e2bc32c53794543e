import NIOCore

/// Who a request is said to be for and from.
///
/// Whoever reaches a loopback address is a program of this machine, but browsers there run pages of
/// others. Such a page may have a name of its own that is made to lead to this machine ("DNS
/// rebinding"), which `Host` tells, or send to this machine's address as it is, which `Origin`
/// tells; a page can change neither.
struct RequestSource: Equatable, Sendable {
    /// The values of all `Host` headers; browsers always send one.
    var hosts: [String] = []
    /// The values of all `Origin` headers; programs that are no browser send none.
    var origins: [String] = []

    /// Throws ``ServiceError`` where a page that is not this server's may have sent the request.
    func check() throws {
        for host in hosts where !Loopback.isAuthority(host) {
            throw ServiceError.foreignHost(host)
        }
        // RFC 6454: a page that another server, another port or a file has shown differs here.
        for origin in origins where hosts.map({ "http://\($0)" }) != [origin] {
            throw ServiceError.foreignOrigin(origin)
        }
    }
}

/// The addresses and the name by which a machine reaches itself.
enum Loopback {
    /// Whether only this machine reaches an address.
    static func isAddress(_ host: String) -> Bool {
        guard let address = try? SocketAddress(ipAddress: host, port: 0) else {
            return host.lowercased() == "localhost"
        }
        switch address {
        case .v4: return host.hasPrefix("127.")
        case .v6: return host == "::1"
        case .unixDomainSocket: return false
        }
    }

    /// Whether an authority of a URL, as `Host` has it, is this machine by any port: `localhost`,
    /// `127.0.0.1:8080`, `[::1]`.
    static func isAuthority(_ authority: String) -> Bool {
        var name = authority[...]
        if let colon = name.lastIndex(of: ":"), name[colon...].dropFirst().allSatisfy(\.isNumber) {
            name = name[..<colon]
        }
        if name.hasPrefix("["), name.hasSuffix("]") {
            name = name.dropFirst().dropLast()
            return name.contains(":") && isAddress(String(name))
        }
        return !name.contains(":") && isAddress(String(name))
    }
}
