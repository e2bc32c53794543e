import Foundation
import TestSupport
import Testing
import Torch

/// Processes that train together.
@Suite("Ranks as processes", .serialized, .enabled(if: Engine.hasGloo))
struct RankTests {
    private static let settings = [
        "--model", "model", "--task", "task", "--threads", "1", "--steps", "40", "--draws", "3",
        "--save-every", "3", "--log-every", "5",
    ]

    @Test("Two ranks write one run, and rank 0 alone speaks")
    func two() throws {
        try withTool { tool in
            let ranks = try tool.startRanks(2, ["train", "--output", "run"] + Self.settings)
            let outcomes = try ranks.map { try $0.wait() }
            #expect(outcomes.map(\.exitCode) == [0, 0], "\(outcomes.map(\.errors))")
            #expect(outcomes[0].output.contains("accuracy"))
            #expect(outcomes[1].output.isEmpty && outcomes[1].errors.isEmpty)
            let evaluation = ["evaluate", "run", "--threads", "1", "--json"]
            let alone = try tool.run(evaluation)
            let together = try tool.startRanks(2, evaluation).map { try $0.wait() }
            #expect(together[0].output == alone.output && alone.exitCode == 0)
            #expect(together[1].output.isEmpty)
        }
    }

    @Test(
        "A killed rank ends all, is named, and the run goes on to the same files",
        arguments: [0, 2]
    )
    func killed(rank: Int) throws {
        try withTool { tool in
            let whole = try tool.startRanks(3, ["train", "--output", "whole"] + Self.settings)
            for rank in whole { #expect(try rank.wait().exitCode == 0) }
            let arguments = ["train", "--output", "killed", "--resume"] + Self.settings
            let run = tool.folder.appendingPathComponent("killed")
            let ranks = try tool.startRanks(3, arguments)
            ranks[0].wait { lastCheckpoint(of: run) >= 3 }
            ranks[rank].send(SIGKILL)
            let clock = ContinuousClock()
            let start = clock.now
            for (other, outcome) in try ranks.map({ try $0.wait() }).enumerated() {
                if other == rank {
                    #expect(outcome.isKilled, "the run ended too soon to be killed")
                    continue
                }
                #expect(outcome.exitCode == 1)
                let line = try #require(outcome.errorLines.first)
                #expect(line.hasPrefix("Error: rank \(other): ended, since "), "\(line)")
                #expect(line.contains("rank \(rank)"), "\(line)")
            }
            #expect(clock.now - start < .seconds(30))
            let again = try tool.startRanks(3, arguments).map { try $0.wait() }
            #expect(again.map(\.exitCode) == [0, 0, 0], "\(again.map(\.errors))")
            #expect(try files(of: run) == files(of: tool.folder.appendingPathComponent("whole")))
        }
    }

    @Test("An error of one rank is said by all")
    func error() throws {
        try withTool { tool in
            let arguments = ["train", "--output", "run"] + Self.settings
            let port = try freePort()
            let ranks = [
                try tool.startRank(0, of: 2, arguments, port: port),
                try tool.startRank(1, of: 2, arguments + ["--model", "none"], port: port),
            ]
            for (rank, running) in ranks.enumerated() {
                let outcome = try running.wait()
                #expect(outcome.exitCode == 1)
                let line = try #require(outcome.errorLines.first)
                #expect(line.hasPrefix("Error: rank \(rank): "))
                #expect(line.contains("none"), "\(line)")
                #expect(line.contains("rank 1 ended: ") == (rank == 0), "\(line)")
            }
        }
    }

    @Test("A launch with missing variables is one sentence")
    func variables() throws {
        try withTool { tool in
            let outcome = try tool.start(
                ["train", "--output", "run"] + Self.settings,
                environment: ["WORLD_SIZE": "2"]
            )
            .wait()
            #expect(outcome.exitCode == 1)
            #expect(
                outcome.errorLines == [
                    "Error: the environment variable RANK: expected a number from 0 to 1,"
                        + " found nothing"
                ]
            )
        }
    }

    #if os(Linux)
    @Test(
        "torchrun starts killed ranks anew, and they go on",
        .enabled(if: torchrun != nil),
        arguments: 1...2
    )
    func launchers(count: Int) throws {
        try withTool { tool in
            let program = try #require(torchrun)
            let whole = try tool.startRanks(2, ["train", "--output", "whole"] + Self.settings)
            for rank in whole { #expect(try rank.wait().exitCode == 0) }
            let run = tool.folder.appendingPathComponent("run")
            // A run that is there already must be replaced by the first attempt only.
            #expect(try tool.run(["train", "--output", "run"] + Self.settings).exitCode == 0)
            let port = try freePort()
            // Two launchers stand for two machines: their ranks do not start at the same moment.
            let launchers = try (0..<count).map {
                try tool.start(
                    [
                        "--nnodes", "\(count)", "--node-rank", "\($0)", "--master-addr",
                        "localhost",
                        "--master-port", "\(port)", "--nproc-per-node", "\(2 / count)",
                        "--max-restarts", "2", "--no-python", Tool.binary.path, "train",
                        "--output", "run", "--force",
                    ] + Self.settings,
                    program: program
                )
            }
            var second: Int32?
            launchers[0].wait {
                second = launchers.compactMap { rank(1, below: $0) }.first
                return (3..<30).contains(lastCheckpoint(of: run)) && second != nil
            }
            kill(try #require(second), SIGKILL)
            let outcomes = try launchers.map { try $0.wait() }
            #expect(outcomes.allSatisfy { $0.exitCode == 0 }, "\(outcomes.map(\.errors))")
            #expect(outcomes[0].errors.contains("going on after step"), "\(outcomes[0].errors)")
            var found = try files(of: run)
            #expect(found.removeValue(forKey: ".launcher") != nil)
            #expect(try found == files(of: tool.folder.appendingPathComponent("whole")))
        }
    }
    #endif
}

/// PyTorch's launcher: on the path, or beside the Python whose libtorch this is built on.
private let torchrun: URL? = {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let project = Golden.folder("../../..")
    let python = project.appendingPathComponent(".deps/libtorch").resolvingSymlinksInPath()
        .appendingPathComponent("../../../../bin").standardizedFileURL
    let folders = path.split(separator: ":").map { URL(fileURLWithPath: String($0)) } + [python]
    return folders.map { $0.appendingPathComponent("torchrun") }
        .first { FileManager.default.isExecutableFile(atPath: $0.path) }
}()

/// The process of a rank that a launcher has started.
private func rank(_ rank: Int, below launcher: RunningTool) -> Int32? {
    let processes = try? FileManager.default.contentsOfDirectory(atPath: "/proc")
    for process in (processes ?? []).compactMap({ Int32($0) }) {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ")
        else { continue }
        // The parent is the second field after the name, which stands in parentheses.
        let fields = status.split(separator: ")").last?.split(separator: " ") ?? []
        let variables = environment.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        if fields.count > 1, Int32(fields[1]) == launcher.identifier,
            variables.contains("RANK=\(rank)")
        {
            return process
        }
    }
    return nil
}

extension Tool {
    /// Starts the tool as each of several ranks.
    fileprivate func startRanks(_ count: Int, _ arguments: [String]) throws -> [RunningTool] {
        let port = try freePort()
        return try (0..<count).map { try startRank($0, of: count, arguments, port: port) }
    }

    fileprivate func startRank(
        _ rank: Int,
        of count: Int,
        _ arguments: [String],
        port: UInt16
    ) throws -> RunningTool {
        try start(
            arguments,
            environment: [
                "RANK": "\(rank)", "WORLD_SIZE": "\(count)", "MASTER_ADDR": "localhost",
                "MASTER_PORT": "\(port)", "OMP_NUM_THREADS": "1",
            ]
        )
    }
}
