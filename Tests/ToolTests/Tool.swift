import ClientSupport
import Foundation
import TestSupport

/// The built tool as a process of its own.
struct Tool {
    /// How a process ended, and what it said.
    struct Outcome {
        let exitCode: Int32
        /// Whether a signal ended the process.
        let isKilled: Bool
        let output: String
        let errors: String

        /// The lines of the standard error that begin with "Error: ".
        var errorLines: [String] {
            errors.split(separator: "\n").map(String.init).filter { $0.hasPrefix("Error: ") }
        }
    }

    /// The working folder of the processes.
    let folder: URL

    /// The binary beside the test bundle.
    static var binary: URL {
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }
        let tests = bundle?.bundleURL ?? Bundle.main.executableURL ?? Bundle.main.bundleURL
        return tests.deletingLastPathComponent().appendingPathComponent("varlora")
    }

    /// Runs the tool to its end.
    func run(_ arguments: [String]) throws -> Outcome {
        try start(arguments).wait()
    }

    /// Starts the tool, or another program that starts it.
    func start(
        _ arguments: [String],
        environment: [String: String] = [:],
        program: URL = Tool.binary
    ) throws -> RunningTool {
        try RunningTool(arguments, in: folder, environment, program)
    }
}

/// A process that was started, with what it says in files, which no reader can block; killed
/// where it does not end in time.
final class RunningTool {
    private let process = Process()
    private let output: URL
    private let errors: URL

    init(
        _ arguments: [String],
        in folder: URL,
        _ environment: [String: String],
        _ program: URL
    ) throws {
        let name = UUID().uuidString
        let place = FileManager.default.temporaryDirectory
        output = place.appendingPathComponent("\(name).output")
        errors = place.appendingPathComponent("\(name).errors")
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = folder
        let inherited = ProcessInfo.processInfo.environment.filter {
            !["VARLORA_", "HF_", "HUGGINGFACE_"].contains(where: $0.key.hasPrefix)
        }
        process.environment = inherited.merging([
            "COLUMNS": "80", "OMP_WAIT_POLICY": "PASSIVE", "SWIFT_BACKTRACE": "enable=no",
            "HF_HOME": folder.path,
        ]) { $1 }
        .merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.handle(output)
        process.standardError = try Self.handle(errors)
        try process.runLimited()
    }

    deinit {
        try? FileManager.default.removeItem(at: output)
        try? FileManager.default.removeItem(at: errors)
    }

    private static func handle(_ file: URL) throws -> FileHandle {
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        return try FileHandle(forWritingTo: file)
    }

    var isRunning: Bool { process.isRunning }

    var identifier: Int32 { process.processIdentifier }

    /// Bytes that were resident at most so far, as Linux tells; 0 elsewhere and at the end.
    var peakMemory: Double {
        let path = "/proc/\(process.processIdentifier)/status"
        let status = try? String(contentsOfFile: path, encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(separator: " ").dropLast().last.flatMap { Double($0) } ?? 0) * 1024
    }

    /// What it has written so far.
    var outputText: String { text(of: output) }

    /// What it has said so far on the standard error.
    var errorText: String { text(of: errors) }

    private func text(of file: URL) -> String {
        String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self)
    }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits until `condition` holds or the process has ended.
    func wait(until condition: () -> Bool) {
        while process.isRunning && !condition() { usleep(1000) }
    }

    func wait() throws -> Tool.Outcome {
        process.waitUntilExit()
        return Tool.Outcome(
            exitCode: process.terminationStatus,
            isKilled: process.terminationReason == .uncaughtSignal,
            output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self)
        )
    }
}

/// Runs `body` with a folder that holds a tiny model (`model`) and a task (`task`).
func withTool<Result>(_ body: (Tool) throws -> Result) throws -> Result {
    try withTemporaryFolder { folder in
        try TinyModel.write(to: folder.appendingPathComponent("model"))
        try TinyTask.write(to: folder.appendingPathComponent("task"))
        return try body(Tool(folder: folder))
    }
}
