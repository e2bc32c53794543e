import Foundation
import Testing

/// A run of a tiny model, and its server as a process of its own.
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
            let key = tool.folder.appendingPathComponent("key")
            try Data(Self.key.utf8).write(to: key)
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600],
                ofItemAtPath: key.path
            )
            try body(tool)
        }
    }

    /// Starts the server of `run`, and waits until it answers.
    static func start(
        _ tool: Tool,
        _ arguments: [String] = []
    ) throws -> (process: RunningTool, address: String) {
        let process = try tool.start(["serve", "run", "--port", "0", "--threads", "1"] + arguments)
        process.wait { process.errorText.contains("ready: run") }
        let address = process.outputText.split(separator: "\n").first.map(String.init)
        return (process, try #require(address, "\(process.errorText)"))
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

    static let script = Checkout.file("Tests/References/serving_clients.py")

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
}
