import Foundation
import TestSupport
import Testing

/// The server as a process of its own, and what clients of the format say of it.
@Suite("Serving", .serialized)
struct ServeTests {
    @Test("SIGTERM and SIGINT end it with success", arguments: [SIGTERM, SIGINT])
    func stop(_ signal: Int32) throws {
        try ServedRun.with { tool in
            let (process, address) = try ServedRun.start(tool)
            #expect(address.hasPrefix("http://127.0.0.1:"))
            process.send(signal)
            let outcome = try process.wait()
            #expect(outcome.exitCode == 0 && !outcome.isKilled)
            #expect(outcome.errors.contains("without a key"))
        }
    }

    @Test("What cannot be served is told in a sentence")
    func refused() throws {
        try ServedRun.with { tool in
            let (process, address) = try ServedRun.start(tool, ["--key-file", "key"])
            let port = try #require(address.split(separator: ":").last.map(String.init))
            let other = tool.folder.appendingPathComponent("other")
            try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: tool.folder.appendingPathComponent("run"),
                to: other.appendingPathComponent("run")
            )
            let cases: [(arguments: [String], exitCode: Int32, says: String)] = [
                ([], 64, "--model"), (["run", "--port", "70000"], 64, "65535"),
                (["run", "--max-batch", "0"], 64, "--max-batch"),
                (["run", "--max-wait-ms", "-1"], 64, "--max-wait-ms"),
                (["run", "--draws", "x"], 64, "--draws"),
                (["run", "--port", port], 1, "address already in use"),
                (["run", "other/run"], 1, "another name than \"run\""),
                (["run", "--host", "0.0.0.0"], 1, "--key-file"),
                (["task"], 1, "no recipe.yaml"), (["nowhere"], 1, "nowhere"),
                (["run", "--key-file", "none"], 1, "none"),
                (["--model", "nowhere"], 1, "nowhere"),
            ]
            for (arguments, exitCode, says) in cases {
                let outcome = try tool.run(["serve"] + arguments)
                #expect(outcome.exitCode == exitCode, "\(arguments)")
                #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
                #expect(outcome.errorLines.first?.contains(says) == true, "\(outcome.errors)")
            }
            process.send(SIGTERM)
            let outcome = try process.wait()
            #expect(!(outcome.errors + outcome.output).contains(ServedRun.key))
        }
    }

    @Test(
        "Every requirement of jevcompat passes, with a key and without",
        .enabled(if: Clients.areThere, "pip cannot fetch the clients of the format"),
        arguments: [false, true]
    )
    func compatible(_ hasKey: Bool) throws {
        try ServedRun.with { tool in
            let (process, address) = try ServedRun.start(tool, hasKey ? ["--key-file", "key"] : [])
            let key = hasKey ? ServedRun.key : nil
            try Clients.checkRequirements(address, key: key, tool)
            try ServedRun.stop(process)
        }
    }

    @Test(
        "Two published clients get the same answers",
        .enabled(if: Clients.areThere, "pip cannot fetch the clients of the format")
    )
    func clients() throws {
        try ServedRun.with { tool in
            let (process, address) = try ServedRun.start(tool, ["--key-file", "key"])
            try Clients.checkAnswers(address, key: ServedRun.key, tool)
            try ServedRun.stop(process)
        }
    }
}
