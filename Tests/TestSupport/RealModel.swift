import Foundation
import JSON
import LanguageModels

/// SmolLM2-135M-Instruct in the folder that `VARLORA_DEMO` names, loaded once a process.
public enum RealModel {
    /// Whether `VARLORA_DEMO` is set; the tests of the real model are skipped without it.
    public static var isWanted: Bool { folder != nil }

    /// Runs `body` with the model, which one test at a time may change.
    public static func use<Result>(_ body: (LoadedModel) throws -> Result) throws -> Result {
        lock.lock()
        defer { lock.unlock() }
        return try body(try loaded.get())
    }

    /// What Transformers and PEFT computed with the same file.
    public static func golden() throws -> JSONNode { try Golden.json("SmolLM2/golden.json") }

    /// The model's file.
    public static var file: URL? {
        folder.map {
            URL(fileURLWithPath: $0).appendingPathComponent("SmolLM2-135M-Instruct.Q4_1.gguf")
        }
    }

    private static let folder = ProcessInfo.processInfo.environment["VARLORA_DEMO"]
    private static let lock = NSLock()

    // `use` lets one thread at a time reach it.
    nonisolated(unsafe) private static let loaded = Result {
        try LoadedModel(try ModelLocation(file?.path ?? ""))
    }
}
