import Foundation
import Testing

/// A run that was stopped ends in the same bytes as one that was not.
@Suite("Resume", .serialized)
struct ResumeTests {
    private static let settings = [
        "--model", "model", "--task", "task", "--threads", "1", "--steps", "40", "--draws", "3",
        "--save-every", "3", "--log-every", "5", "--eval-every", "10",
    ]

    @Test("A killed run goes on to the same files", arguments: ["ivon", "adamw"])
    func killed(_ method: String) throws {
        try withTool { tool in
            let arguments = ["train", "--method", method] + Self.settings
            #expect(try tool.run(arguments + ["--output", "whole"]).exitCode == 0)
            let run = tool.folder.appendingPathComponent("killed")
            let moments: [(URL) -> Bool] = [
                { lastCheckpoint(of: $0) >= 3 }, { lastCheckpoint(of: $0) >= 21 },
                { exists($0, "adapter_model.safetensors") },
                { exists($0, "predictions/validation.jsonl") },
            ]
            var kills = 0
            for moment in moments {
                let process = try tool.start(arguments + ["--resume", "--output", "killed"])
                process.wait { moment(run) }
                process.send(SIGKILL)
                if try process.wait().isKilled { kills += 1 }
            }
            #expect(kills >= 2, "the run ended too soon to be killed")
            let outcome = try tool.run(arguments + ["--resume", "--output", "killed"])
            #expect(outcome.exitCode == 0, "\(outcome.errors)")
            #expect(try files(of: run) == files(of: tool.folder.appendingPathComponent("whole")))
        }
    }

    @Test("A run in use is left to its process")
    func busy() throws {
        try withTool { tool in
            let arguments = ["train", "--output", "run"] + Self.settings + ["--steps", "100000"]
            let first = try tool.start(arguments)
            first.wait { lastCheckpoint(of: tool.folder.appendingPathComponent("run")) >= 3 }
            defer { first.send(SIGKILL) }
            let second = try tool.run(["train", "--resume", "--output", "run"])
            #expect(second.exitCode == 1)
            #expect(second.errorLines.first?.contains("another process is training") == true)
            #expect(first.isRunning)
        }
    }
}

/// The step of the last checkpoint of a run; 0 where there is none.
func lastCheckpoint(of run: URL) -> Int {
    let names = try? FileManager.default.contentsOfDirectory(atPath: run.path + "/checkpoints")
    return (names ?? []).compactMap { Int($0) }.max() ?? 0
}

private func exists(_ run: URL, _ name: String) -> Bool {
    FileManager.default.fileExists(atPath: run.appendingPathComponent(name).path)
}

/// The contents of all files of a run, hidden ones too, but the times.
func files(of run: URL) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: run.path) {
        var isFolder: ObjCBool = false
        let path = run.appendingPathComponent(name).path
        _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if isFolder.boolValue || name == "timings.jsonl" { continue }
        files[name] = try Data(contentsOf: URL(fileURLWithPath: path))
    }
    return files
}
