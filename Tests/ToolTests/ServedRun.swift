import Foundation
import JSON
import TestSupport
import Testing

/// A run of a tiny model or of the real one, and its server as a process of its own.
enum ServedRun {
    /// What the file `key` holds.
    static let key = "a-key-of-the-tests"

    private static let train = [
        "train", "--model", "model", "--task", "task", "--threads", "1", "--steps", "4",
        "--draws", "2", "--log-every", "4", "--eval-every", "4", "--save-every", "4",
        "--output", "run",
    ]

    /// Runs `body` with a finished run, `run`, of a tiny model that takes long prompts.
    static func with(_ body: (Tool) throws -> Void) throws {
        try withTool { tool in
            let file = tool.folder.appendingPathComponent("model/config.json")
            let settings = try String(contentsOf: file, encoding: .utf8)
            let longer = settings.replacing("_embeddings\": 256", with: "_embeddings\": 16384")
            try Data(longer.utf8).write(to: file)
            #expect(try tool.run(train).exitCode == 0)
            try writeKey(tool)
            try body(tool)
        }
    }

    /// Runs `body` with a finished run, `run`, of the real model.
    ///
    /// In float32: how products of 16 bits round depends, on processors with AMX, on the rows
    /// beside them, and so on who else asks.
    static func withRealModel(_ body: (Tool) throws -> Void) throws {
        let model = try #require(RealModel.file).path
        try withTool { tool in
            let train = [
                "train", "--model", model, "--task", "task", "--method", "adamw", "--steps", "2",
                "--threads", "2", "--log-every", "2", "--eval-every", "0",
                "--save-every", "0", "--output", "run",
            ]
            #expect(try tool.run(train).exitCode == 0)
            try writeKey(tool)
            try body(tool)
        }
    }

    private static func writeKey(_ tool: Tool) throws {
        let file = tool.folder.appendingPathComponent("key")
        try Data(key.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
    }

    /// Starts the server of `run`, and waits until it answers.
    static func start(
        _ tool: Tool,
        _ arguments: [String] = []
    ) throws -> (process: RunningTool, address: String) {
        let serve = ["serve", "run", "--port", "0"]
        let process = try tool.start(
            serve + (arguments.contains("--threads") ? [] : ["--threads", "1"]) + arguments
        )
        process.wait { process.errorText.contains("ready: run") }
        let address = process.outputText.split(separator: "\n").first.map(String.init)
        return (process, try #require(address, "\(process.errorText)"))
    }

    /// Ends a server as it is to be ended.
    static func stop(_ process: RunningTool) throws {
        process.send(SIGTERM)
        let outcome = try process.wait()
        #expect(outcome.exitCode == 0 && !outcome.isKilled, "\(outcome.errors)")
    }
}

/// Rows of one question each, which a server and `varlora predict` answer alike.
struct ServedRows {
    let rows: [(state: String, question: String)]

    init(_ rows: [(state: String, question: String)]) { self.rows = rows }

    /// Writes the rows, and what `predict` answers.
    func predict(_ tool: Tool, _ options: [String] = []) throws {
        let lines = rows.map {
            #"{"state": "\#($0.state)", "questions": {"q": \#($0.question)}}"# + "\n"
        }
        try Data(lines.joined().utf8).write(to: tool.folder.appendingPathComponent("rows.jsonl"))
        let predict = ["predict", "run", "--input", "rows.jsonl", "--output", "answers.jsonl"]
        #expect(try tool.run(predict + options).exitCode == 0)
    }

    /// Asks a server for the rows in random order from 32 connections, and compares the answers
    /// and, over many requests, its memory.
    func ask(_ server: RunningTool, at address: String, requests: Int, _ tool: Tool) throws {
        let script = Checkout.file("Benchmarks/serve_load.py").path
        let asked = try tool.start(
            ["python3", script, address, "run", "rows.jsonl", "answers.jsonl", "\(requests)", "32"]
                + (requests >= 10_000 ? ["\(server.identifier)"] : []),
            program: URL(fileURLWithPath: "/usr/bin/env")
        )
        .wait()
        #expect(asked.exitCode == 0, "\(asked.errors)")
        #expect(asked.output.hasPrefix("\(requests) of \(requests) requests"), "\(asked.output)")
    }
}

/// The files of this package.
enum Checkout {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func file(_ path: String) -> URL { root.appendingPathComponent(path) }
}

/// Published clients of the format, in an environment of Python's that is made once a checkout.
enum Clients {
    private static let folder = Checkout.file(".deps/serving-clients")

    private static let script = Checkout.file("Tests/References/serving_clients.py")

    static func program(_ name: String) -> URL { folder.appendingPathComponent("bin/\(name)") }

    static let areThere: Bool = {
        let requirements = Checkout.file("Tests/References/serving-requirements.txt")
        let install = """
            test -x "$0/bin/jevcompat" || { python3 -m venv "$0" \
            && "$0/bin/pip" install --quiet --disable-pip-version-check --requirement "$1"; }
            """
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", install, folder.path, requirements.path]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    /// Checks that a server meets every requirement of jevcompat, with a key or without.
    static func checkRequirements(_ address: String, key: String? = nil, _ tool: Tool) throws {
        let arguments = ["test", address] + (key.map { ["--key", $0] } ?? [])
        let outcome = try tool.start(arguments, program: program("jevcompat")).wait()
        // Of 33 and 15: without a key three cannot be tried, and with one a single one.
        let passed = key == nil ? "MUST 32/32, SHOULD 13/13" : "MUST 32/32, SHOULD 15/15"
        #expect(outcome.output.contains(passed), "\(outcome.output)\(outcome.errors)")
        #expect(outcome.exitCode == 0)
    }

    /// Checks that the published clients get the same three answers.
    static func checkAnswers(_ address: String, key: String, _ tool: Tool) throws {
        let outcome = try tool.start([script.path, address, key], program: program("python3"))
            .wait()
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        let answers = try JSONNode(parsing: Array(outcome.output.utf8), file: "answers")
        let both = try ["typesafe-sdk", "systemone-client"].map {
            try answers.required($0).numbers()
        }
        #expect(zip(both[0], both[1]).allSatisfy { abs($0 - $1) < 1e-6 } && both[0].count == 3)
    }
}
