import Foundation
import TensorFiles
import Testing

@Suite("Files that were put in place of others", .timeLimit(.minutes(2)))
struct HostileFilesTests {
    private static let commands = [
        "report": ["report", "run"], "inspect": ["inspect", "run"],
        "evaluate": ["evaluate", "run", "--threads", "1"],
        "predict": ["predict", "run", "--input", "task/test.jsonl", "--output", "o"],
    ]

    /// Who reads which file of a run.
    private static let readers = [
        ("recipe.yaml", ["report", "predict"]),
        ("metrics.json", ["report", "inspect", "evaluate"]),
        ("history.jsonl", ["report"]), ("timings.jsonl", ["report"]),
        ("predictions/test.jsonl", ["report"]), ("adapter_config.json", ["evaluate"]),
        ("adapter_model.safetensors", ["predict"]), ("posterior.safetensors", ["evaluate"]),
    ]

    @Test("A pipe in the place of a run's file is named in one sentence, and nobody waits for it")
    func pipes() throws {
        try withTool { tool in
            try train(tool)
            for (name, commands) in Self.readers {
                let file = tool.folder.appendingPathComponent("run/\(name)")
                let kept = tool.folder.appendingPathComponent("kept")
                try FileManager.default.moveItem(at: file, to: kept)
                try #require(mkfifo(file.path, 0o600) == 0)
                for command in commands {
                    let outcome = try tool.run(Self.commands[command] ?? [])
                    #expect(outcome.exitCode == 1, "\(command): \(name)")
                    #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
                    #expect(outcome.errors.contains("\(name): "), "\(outcome.errors)")
                    #expect(outcome.errors.contains("not a regular file"), "\(outcome.errors)")
                }
                try FileManager.default.removeItem(at: file)
                try FileManager.default.moveItem(at: kept, to: file)
            }
        }
    }

    @Test("A report follows no link out of the run, and replaces one where its page goes")
    func links() throws {
        try withTool { tool in
            try train(tool)
            let run = tool.folder.appendingPathComponent("run")
            let outside = tool.folder.appendingPathComponent("outside")
            func link(_ name: String) throws {
                let place = run.appendingPathComponent(name)
                try? FileManager.default.removeItem(at: place)
                try FileManager.default.createSymbolicLink(at: place, withDestinationURL: outside)
            }
            try Data("kept".utf8).write(to: outside)
            try link("report.html")
            #expect(try tool.run(["report", "run"]).exitCode == 0)
            #expect(try Data(contentsOf: outside) == Data("kept".utf8))
            for (name, commands) in Self.readers where commands.contains("report") {
                let kept = try Data(contentsOf: run.appendingPathComponent(name))
                try kept.write(to: outside)
                try link(name)
                let outcome = try tool.run(["report", "run"])
                #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(name)")
                #expect(outcome.errors.contains("\(name): cannot be read: it lies outside of"))
                try FileManager.default.removeItem(at: run.appendingPathComponent(name))
                try kept.write(to: run.appendingPathComponent(name))
            }
        }
    }

    /// Trains a run under a mask of the user's.
    private func train(_ tool: Tool, mask: String = "022") throws {
        let command =
            "umask \(mask) && exec \(Tool.binary.path) train --model model --task task --threads 1 "
            + "--steps 2 --draws 2 --output run"
        let shell = URL(fileURLWithPath: "/bin/sh")
        try #require(try tool.start(["-c", command], program: shell).wait().exitCode == 0)
    }

    @Test("Files have the user's mask, and others may never write them", arguments: ["000", "077"])
    func modes(_ mask: String) throws {
        try withTool { tool in
            try train(tool, mask: mask)
            let folder = tool.folder.appendingPathComponent("run").path
            for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
                var status = stat()
                try #require(stat("\(folder)/\(name)", &status) == 0)
                let isFolder = status.st_mode & S_IFMT == S_IFDIR
                let expected: mode_t = mask == "077" ? 0o700 : 0o775
                let mode = status.st_mode & 0o777
                #expect(mode == (isFolder ? expected : expected & 0o666), "\(name)")
            }
        }
    }

    @Test("Names reach the terminal without what a terminal obeys, in errors, tables and JSON")
    func terminal() throws {
        try withTool { tool in
            let hostile = "\u{1B}[2Jx\u{9B}31m\u{202E}\u{7F}\r"
            let folder = tool.folder.appendingPathComponent(hostile)
            try FileManager.default.copyItem(
                at: tool.folder.appendingPathComponent("model"),
                to: folder
            )
            let extra = TensorToWrite(
                name: hostile,
                elementType: .float32,
                shape: [1],
                bytes: Data(count: 4)
            )
            let broken = tool.folder.appendingPathComponent("model/model.safetensors")
            try Safetensors.write([extra], to: broken)
            let cases: [([String], Int32)] = [
                (["inspect", hostile], 0), (["inspect", hostile, "--json"], 0),
                (["inspect", hostile + "\n"], 1), (["report", hostile], 1),
                (["evaluate", "--model", "model", "--task", "task"], 1),
                (["inspect", hostile, "--\(hostile)"], 64),
            ]
            for (arguments, exitCode) in cases {
                let outcome = try tool.run(arguments)
                #expect(outcome.exitCode == exitCode, "\(outcome.errors)")
                let text = outcome.output + outcome.errors
                let isObeyed = text.unicodeScalars.contains {
                    [.control, .format].contains($0.properties.generalCategory) && $0 != "\n"
                }
                #expect(!isObeyed, "\(arguments)")
                if exitCode == 1 { #expect(outcome.errors.count { $0 == "\n" } == 1) }
                if arguments.last == "--json" {
                    let found = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
                    let path = (found as? [String: Any])?["path"] as? String
                    #expect(path?.hasSuffix(hostile) == true)
                }
            }
        }
    }
}
