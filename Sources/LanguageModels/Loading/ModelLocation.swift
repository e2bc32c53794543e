import Foundation
import TensorFiles
import Tokenization

/// Where a model's files are.
public enum ModelLocation: Equatable, Sendable {
    /// A Hugging Face folder: `config.json`, `tokenizer.json`, safetensors.
    case folder(URL)
    /// A single GGUF file.
    case gguf(URL)

    /// Finds a model by the path of a folder or GGUF file, or by `org/name` or `org/name@revision`
    /// in the local Hugging Face cache.
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
        guard let cached = CachedModel(name), !name.hasSuffix(".gguf") else {
            throw ModelError.notFound(place: name, reason: "no such file or folder")
        }
        self = .folder(try cached.snapshot(in: CachedModel.folder(environment)))
    }

    /// The folder in which models of the Hugging Face hub are looked for.
    public static func cache(_ environment: [String: String]) -> URL {
        CachedModel.folder(environment)
    }

    /// The folder or file.
    public var url: URL {
        switch self {
        case .folder(let url), .gguf(let url): url
        }
    }
}

extension ModelLocation {
    /// The file that the tokenizer is read from.
    public var tokenizerFile: URL {
        switch self {
        case .folder(let folder): folder.appendingPathComponent("tokenizer.json")
        case .gguf(let file): file
        }
    }

    /// The model's tokenizer, without its weights.
    ///
    /// - Throws: an error that names file, key, expected and found.
    public func loadTokenizer() throws -> Tokenizer {
        switch self {
        case .folder: return try Tokenizer(contentsOf: tokenizerFile)
        case .gguf(let file): return try Tokenizer(GGUF(contentsOf: file))
        }
    }
}
