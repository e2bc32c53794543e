import Foundation
import TensorFiles
import Tokenization

/// Where a model's files are.
public enum ModelLocation: Equatable, Sendable {
    /// A Hugging Face folder: `config.json`, `tokenizer.json`, safetensors.
    case folder(URL)
    /// A single GGUF file.
    case gguf(URL)

    /// Finds a model by the path of a folder or GGUF file, or by `org/name` in the local Hugging
    /// Face cache (`HF_HOME`, by default `~/.cache/huggingface`).
    ///
    /// - Throws: ``ModelError/notFound(place:reason:)``, which says where it looked and how to get
    ///   the model.
    public init(
        _ name: String,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: name, isDirectory: &isFolder) {
            let url = URL(fileURLWithPath: name)
            self = isFolder.boolValue ? .folder(url) : .gguf(url)
            return
        }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), !name.hasPrefix("."),
            !name.hasSuffix(".gguf")
        else { throw ModelError.notFound(place: name, reason: "no such file or folder") }
        self = .folder(try Self.cached(name, environment))
    }

    private static func cached(_ name: String, _ environment: [String: String]) throws -> URL {
        let home =
            environment["HF_HOME"].map { URL(fileURLWithPath: $0) }
            ?? FileManager.default.homeDirectoryForCurrentUser
            .appendingPathComponent(".cache/huggingface")
        let model = home.appendingPathComponent(
            "hub/models--" + name.replacingOccurrences(of: "/", with: "--")
        )
        let reference = model.appendingPathComponent("refs/main")
        if let text = try? String(contentsOf: reference, encoding: .utf8) {
            let snapshot = model.appendingPathComponent(
                "snapshots/" + text.trimmingCharacters(in: .whitespacesAndNewlines)
            )
            if FileManager.default.fileExists(atPath: snapshot.path) { return snapshot }
        }
        throw ModelError.notFound(
            place: name,
            reason: "no such folder, and not in the Hugging Face cache (looked in \(model.path));"
                + " get it with: hf download \(name)"
        )
    }

    /// The folder or file.
    public var url: URL {
        switch self {
        case .folder(let url), .gguf(let url): url
        }
    }
}

extension ModelLocation {
    /// The model's tokenizer, without its weights.
    ///
    /// - Throws: an error that names file, key, expected and found.
    public func loadTokenizer() throws -> Tokenizer {
        switch self {
        case .folder(let folder):
            return try Tokenizer(contentsOf: folder.appendingPathComponent("tokenizer.json"))
        case .gguf(let file): return try Tokenizer(GGUF(contentsOf: file))
        }
    }
}
