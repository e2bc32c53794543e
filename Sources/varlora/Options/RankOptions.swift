import ArgumentParser
import Foundation
import Torch

/// This process as one of several that `torchrun` launched.
struct RankOptions: ParsableArguments {
    @Option("Seconds that the ranks of one launch wait for each other.")
    var rankTimeout = "300"

    func validate() throws { _ = try seconds() }

    private func seconds() throws -> Double {
        guard let seconds = Int(rankTimeout), (1...1_000_000).contains(seconds) else {
            let found = "expected an integer from 1 to 1000000, found \"\(rankTimeout)\""
            throw ValidationError("--rank-timeout: \(found)")
        }
        return Double(seconds)
    }

    /// Runs `body` as a rank of the launch, or with no group where there is one process only.
    ///
    /// When `body` throws, the other ranks are told; the error then names this one.
    func join(_ body: (ProcessGroup?) throws -> Void) throws {
        let launch = try Self.launch()
        guard launch.size > 1 else { return try body(nil) }
        do {
            let group = try ProcessGroup(launch, timeout: seconds())
            do {
                try body(group)
                try group.barrier()
            } catch let stop as ExitCode {
                // All ranks have agreed to stop.
                try group.barrier()
                throw stop
            } catch {
                group.end(because: "\(error)")
                throw error
            }
        } catch let error where !(error is ExitCode) {
            throw RankError(rank: launch.rank, error: error)
        }
    }

    /// The launch that this process is part of.
    static func launch() throws -> Launch { try environment.get() }

    private static let environment = Result {
        try Launch(environment: ProcessInfo.processInfo.environment)
    }
}

/// An error of one of several ranks.
private struct RankError: Error, CustomStringConvertible {
    let rank: Int
    let error: any Error

    var description: String { "rank \(rank): \(error)" }
}

extension Launch {
    /// The device of this rank, where a machine has several of a kind.
    func device(_ name: String) throws -> Device {
        try Device(size > 1 && name == "cuda" ? "cuda:\(localRank)" : name)
    }
}
