/// Why several ranks cannot work together; `description` is one sentence.
public enum ProcessGroupError: Error, Equatable, CustomStringConvertible {
    /// The package was built without Gloo.
    case notBuilt(ranks: Int)
    /// A variable of the environment is missing or wrong.
    case environment(key: String, expected: String, found: String?)
    /// The store cannot be reached or started.
    case noStore(host: String, port: UInt16, reason: String)
    /// Another rank ended, with what it said about it.
    case ended(words: String)
    /// These ranks ended without a word, or hang, or cannot be reached.
    case lost(ranks: [Int])
    /// These ranks live, but did not come in time.
    case late(ranks: [Int], seconds: Double, reason: String)
    /// The store, and with it all news of other ranks, is gone.
    case storeLost(holder: String, reason: String)

    /// One sentence that names the ranks.
    public var description: String {
        switch self {
        case .notBuilt(let ranks):
            "WORLD_SIZE asks for \(ranks) ranks, but this build has no Gloo; install its headers"
                + " (Debian: apt-get install libgloo-dev), then make build"
        case .environment(let key, let expected, let found):
            "the environment variable \(key): expected \(expected), found "
                + (found.map { "\"\($0)\"" } ?? "nothing")
        case .noStore(let host, let port, let reason):
            "the store of the ranks at \(host) port \(port) cannot be used: \(reason)"
        case .ended(let words): "ended, since \(words)"
        case .lost(let ranks):
            "ended, since \(Self.text(ranks)) died, hangs or cannot be reached"
        case .late(let ranks, let seconds, let reason):
            "ended, since \(Self.text(ranks)) did not come within \(Int(seconds)) s: \(reason)"
        case .storeLost(let holder, let reason):
            "ended, since \(holder), which holds the store of the ranks, died or cannot be reached:"
                + " \(reason)"
        }
    }

    private static func text(_ ranks: [Int]) -> String {
        let numbers = ranks.prefix(8).map(String.init).joined(separator: ", ")
        let more = ranks.count > 8 ? " and \(ranks.count - 8) more" : ""
        return (ranks.count == 1 ? "rank " : "ranks ") + numbers + more
    }
}
