import Foundation
import Testing

/// What signals, closed outputs and vanishing files do to a process.
@Suite("Signals and streams", .serialized)
struct SignalTests {
    private static let settings = [
        "--model", "model", "--task", "task", "--threads", "1", "--steps", "40", "--draws", "3",
        "--save-every", "3", "--log-every", "5", "--eval-every", "10",
    ]

    @Test(
        "A signal saves the step, says how to go on, and loses nothing",
        arguments: [SIGINT, SIGTERM, SIGHUP]
    )
    func saved(_ signal: Int32) throws {
        try withTool { tool in
            let arguments = ["train"] + Self.settings
            #expect(try tool.run(arguments + ["--output", "whole"]).exitCode == 0)
            let run = tool.folder.appendingPathComponent("stopped")
            let process = try tool.start(arguments + ["--output", "stopped"])
            process.wait { lastCheckpoint(of: run) >= 3 }
            process.send(signal)
            let outcome = try process.wait()
            #expect(outcome.exitCode == 128 + signal && !outcome.isKilled)
            #expect(outcome.errors.contains("go on with: varlora train --resume --output stopped"))
            #expect(try tool.run(["train", "--resume", "--output", "stopped"]).exitCode == 0)
            #expect(try files(of: run) == files(of: tool.folder.appendingPathComponent("whole")))
        }
    }

    @Test("A calibration by folds that was stopped goes on to the same run")
    func folds() throws {
        try withTool { tool in
            #expect(try tool.run(["train", "--output", "run"] + Self.settings).exitCode == 0)
            func calibrate(to output: String) -> [String] {
                ["calibrate", "run", "--folds", "2", "--output", output]
            }
            let process = try tool.start(calibrate(to: "stopped"))
            let folds = tool.folder.appendingPathComponent("stopped/.folds.partial")
            process.wait {
                let names = (try? FileManager.default.contentsOfDirectory(atPath: folds.path)) ?? []
                return names.contains {
                    lastCheckpoint(of: folds.appendingPathComponent("\($0)/1")) >= 3
                }
            }
            process.send(SIGTERM)
            let outcome = try process.wait()
            #expect(outcome.exitCode == 128 + SIGTERM && !outcome.isKilled)
            #expect(outcome.errors.contains("stopped; the same command goes on"))
            for output in ["stopped", "whole"] {
                #expect(try tool.run(calibrate(to: output)).exitCode == 0)
            }
            let runs = ["stopped", "whole"].map { tool.folder.appendingPathComponent($0) }
            #expect(try files(of: runs[0]) == files(of: runs[1]))
        }
    }

    @Test("A second signal ends a training at once")
    func twice() throws {
        try withTool { tool in
            // A step of a minute.
            let slow = ["--train-draws", "20000", "--output", "run"]
            let process = try tool.start(["train"] + Self.settings + slow)
            let timings = tool.folder.appendingPathComponent("run/timings.jsonl").path
            process.wait { FileManager.default.fileExists(atPath: timings) }
            usleep(300_000)  // the file is there a moment before the first step
            process.send(SIGTERM)
            usleep(300_000)
            #expect(process.isRunning)
            process.send(SIGTERM)
            let outcome = try process.wait()
            #expect(outcome.isKilled && outcome.exitCode == SIGTERM)
        }
    }

    @Test("Outside of steps a signal ends a command at once, with nothing left over")
    func promptly() throws {
        try withTool { tool in
            #expect(try tool.run(["train", "--output", "run"] + Self.settings).exitCode == 0)
            let before = try names(in: tool.folder)
            let input = ["--input", "task/test.jsonl", "--output", "answers.jsonl"]
            let commands = [
                ["evaluate", "run", "--draws", "30000", "--predictions", "answers.jsonl"],
                ["predict", "run", "--draws", "30000"] + input,
                ["train", "--output", "new"] + Self.settings,
            ]
            for (arguments, seconds) in zip(commands, [0.6, 0.6, 0.02]) {
                let process = try tool.start(arguments + ["--threads", "1"])
                usleep(UInt32(seconds * 1e6))
                process.send(SIGTERM)
                let outcome = try process.wait()
                #expect(outcome.isKilled && outcome.exitCode == SIGTERM, "\(arguments)")
                #expect(try names(in: tool.folder) == before, "\(arguments)")
            }
        }
    }

    @Test("Under nohup a training survives its terminal")
    func ignored() throws {
        try withTool { tool in
            let command = #"trap "" HUP; exec "$0" "$@""#
            let process = try shell(tool, command, ["train", "--output", "run"] + Self.settings)
            let run = tool.folder.appendingPathComponent("run")
            process.wait { lastCheckpoint(of: run) >= 3 }
            process.send(SIGHUP)
            #expect(try process.wait().exitCode == 0)
        }
    }

    @Test(
        "A reader that has gone ends the tool without a word",
        arguments: ["", #"trap "" PIPE; "#]
    )
    func brokenPipe(_ before: String) throws {
        try withTool { tool in
            let command = before + #"( sleep 0.3; "$0" "$@" ) | true"#
            for arguments in [
                ["recipes", "show", "arc-easy"],
                ["tokenize", "--model", "model", "--input", "texts.jsonl"],
            ] {
                let texts = #"{"text": "one"}"# + "\n"
                try Data(texts.utf8).write(to: tool.folder.appendingPathComponent("texts.jsonl"))
                #expect(try shell(tool, command, arguments).wait().errors == "")
            }
        }
    }

    @Test("Closed outputs are no place for the text of a run")
    func closedOutputs() throws {
        try withTool { tool in
            let command = #"exec "$0" "$@" <&- >&- 2>&-"#
            let train = ["train", "--output", "run"] + Self.settings
            let outcome = try shell(tool, command, train).wait()
            #expect(outcome.exitCode == 0)
            #expect(try tool.run(["train", "--output", "whole"] + Self.settings).exitCode == 0)
            let runs = ["run", "whole"].map { tool.folder.appendingPathComponent($0) }
            #expect(try files(of: runs[0]) == files(of: runs[1]))
        }
    }

    @Test("A working folder that was removed is told")
    func workingFolder() throws {
        try withTool { tool in
            let command = #"mkdir gone; cd gone; rmdir ../gone; exec "$0" "$@""#
            let model = tool.folder.appendingPathComponent("model").path
            let outcome = try shell(tool, command, ["inspect", model]).wait()
            #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1)
            #expect(outcome.errors.contains("the working folder cannot be used"))
        }
    }

    #if os(Linux)
    @Test(
        "OpenMP's threads spin briefly, unless the environment says how they wait",
        arguments: [
            ("unset OMP_WAIT_POLICY GOMP_SPINCOUNT", 1000),
            ("unset GOMP_SPINCOUNT; export OMP_WAIT_POLICY=PASSIVE", 0),
            ("unset OMP_WAIT_POLICY; export GOMP_SPINCOUNT=77", 77),
        ]
    )
    func waitingThreads(_ setting: String, _ count: Int) throws {
        try withTool { tool in
            let command = setting + #"; export OMP_DISPLAY_ENV=verbose; exec "$0" "$@""#
            let outcome = try shell(tool, command, ["--version"]).wait()
            #expect(outcome.exitCode == 0)
            #expect(outcome.errors.contains("GOMP_SPINCOUNT = '\(count)'"), "\(outcome.errors)")
        }
    }
    #endif

    @Test("Files have the modes that the user's mask leaves")
    func modes() throws {
        try withTool { tool in
            let command = #"umask 027; exec "$0" "$@""#
            let train = ["train", "--output", "run"] + Self.settings
            let outcome = try shell(tool, command, train).wait()
            #expect(outcome.exitCode == 0)
            let run = tool.folder.appendingPathComponent("run").path
            for name in try FileManager.default.subpathsOfDirectory(atPath: run) + [""] {
                var status = stat()
                #expect(stat("\(run)/\(name)", &status) == 0)
                let expected: mode_t = status.st_mode & S_IFMT == S_IFDIR ? 0o750 : 0o640
                #expect(status.st_mode & 0o777 == expected, "\(name)")
            }
        }
    }

    @Test(
        "A training whose files are taken away ends with a sentence; its place can be used again",
        arguments: ["", "recipe.yaml", "history.jsonl"],
        [false, true]
    )
    func takenAway(_ name: String, isMoved: Bool) throws {
        try withTool { tool in
            let train = ["train", "--output", "run"] + Self.settings
            let process = try tool.start(train + ["--steps", "100000"])
            let run = tool.folder.appendingPathComponent("run")
            process.wait { lastCheckpoint(of: run) >= 3 }
            let file = name.isEmpty ? run : run.appendingPathComponent(name)
            let other = tool.folder.appendingPathComponent("other")
            if isMoved {
                try FileManager.default.moveItem(at: file, to: other)
            } else {
                // The process may write into the folder in the meantime, which can refuse a removal
                // that has taken the folder all the same.
                while FileManager.default.fileExists(atPath: file.path) {
                    try? FileManager.default.removeItem(at: file)
                }
            }
            let outcome = try process.wait()
            #expect(outcome.exitCode == 1 && outcome.errorLines.count == 1, "\(outcome.errors)")
            let sentence = outcome.errorLines.first ?? ""
            #expect(sentence.contains("removed, moved or replaced"), "\(sentence)")
            #expect(name.isEmpty || sentence.contains(name))
            let anew = try tool.run(train + ["--steps", "2", "--force"])
            #expect(anew.exitCode == 0, "\(anew.errors)")
        }
    }

    /// Starts a shell with a command in which "$0" "$@" is the tool with its arguments.
    private func shell(_ tool: Tool, _ command: String, _ arguments: [String]) throws -> RunningTool
    {
        try tool.start(
            ["-c", command, Tool.binary.path] + arguments,
            program: URL(fileURLWithPath: "/bin/sh")
        )
    }

    private func names(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    }
}
