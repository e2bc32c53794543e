import Foundation

/// This process as one of several ranks, by the environment variables that `torchrun` sets.
public struct Launch: Equatable, Sendable {
    /// The number of this process among all (`RANK`), from 0.
    public var rank = 0
    /// How many processes there are (`WORLD_SIZE`).
    public var size = 1
    /// The number of this process on its machine (`LOCAL_RANK`), from 0.
    public var localRank = 0
    /// The machine of the store where the ranks meet (`MASTER_ADDR`).
    public var host = ""
    /// The store's port (`MASTER_PORT`).
    public var port: UInt16 = 0
    /// Whether the launcher holds the store (`TORCHELASTIC_USE_AGENT_STORE`), or else rank 0.
    public var isStoreExternal = false
    /// The launcher that may start all ranks anew after a failure.
    ///
    /// Equal in each of its attempts, and of no other launch; nil without such a launcher.
    public var launcher: String?

    /// One process by itself.
    public init() {}

    /// One of several ranks.
    public init(rank: Int, size: Int, host: String, port: UInt16) {
        (self.rank, self.size, self.host, self.port) = (rank, size, host, port)
    }

    /// The launch that an environment describes; without `WORLD_SIZE`, one process by itself.
    ///
    /// - Throws: ``ProcessGroupError`` that names the variable.
    public init(environment: [String: String]) throws {
        func number(_ key: String, _ range: ClosedRange<Int>, missing: Int?) throws -> Int {
            let text = environment[key]
            guard let number = text.map({ Int($0) }) ?? missing, range.contains(number) else {
                throw ProcessGroupError.environment(
                    key: key,
                    expected: "a number from \(range.lowerBound) to \(range.upperBound)",
                    found: text
                )
            }
            return number
        }
        launcher = environment["TORCHELASTIC_RUN_ID"].map(Self.launcher)
        size = try number("WORLD_SIZE", 1...65_536, missing: 1)
        guard size > 1 else { return }
        rank = try number("RANK", 0...size - 1, missing: nil)
        localRank = try number("LOCAL_RANK", 0...rank, missing: 0)
        port = UInt16(try number("MASTER_PORT", 1...65_535, missing: nil))
        guard let host = environment["MASTER_ADDR"], !host.isEmpty else {
            throw ProcessGroupError.environment(
                key: "MASTER_ADDR",
                expected: "the machine where the ranks meet",
                found: nil
            )
        }
        self.host = host
        isStoreExternal = environment["TORCHELASTIC_USE_AGENT_STORE"] == "True"
    }

    /// The parent process, told from those of other times by when it started.
    private static func launcher(run: String) -> String {
        let parent = getppid()
        let status = try? String(contentsOfFile: "/proc/\(parent)/stat", encoding: .utf8)
        // The start is field 22 of proc(5); the name, field 2, ends with the last parenthesis.
        let fields = status?.split(separator: ")").last?.split(separator: " ") ?? []
        let start = fields.count > 19 ? fields[19] : ""
        return "\(run) \(ProcessInfo.processInfo.hostName) \(parent) \(start)"
    }

    /// Whether this is the rank that writes and speaks for all.
    public var isFirst: Bool { rank == 0 }
}
