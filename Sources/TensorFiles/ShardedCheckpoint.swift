import Files
import Foundation
import JSON

/// The safetensors weights of a model folder, in one file or in several.
///
/// As Hugging Face Transformers lays them out: `model.safetensors`, else
/// `model.safetensors.index.json`, whose `weight_map` gives the file (shard) of each tensor.
public struct ShardedCheckpoint: Sendable {
    /// The folder.
    public let url: URL
    /// Every tensor, by name; byte ranges count from the start of the tensor's own shard.
    public let entries: [String: TensorEntry]
    /// The weight files, sorted by path.
    public let files: [URL]

    private let shards: [String: Safetensors]

    private static let singleName = "model.safetensors"
    private static let indexName = "model.safetensors.index.json"

    /// Opens every weight file of the folder and checks it against the index.
    ///
    /// Tensors of a shard that the index does not name are left out.
    ///
    /// - Throws: ``TensorFileError/unreadable(file:reason:)`` when the folder has no such weights
    ///   or a shard is missing; ``TensorFileError/malformed(file:problem:)`` when the index is not
    ///   valid or gives a path out of the folder, or a tensor is in two shards;
    ///   ``TensorFileError/missingTensor(file:tensor:)`` when a shard lacks a tensor of the index;
    ///   what ``Safetensors/init(contentsOf:)`` throws.
    public init(contentsOf folder: URL) throws {
        url = folder
        let single = folder.appendingPathComponent(Self.singleName)
        let index = folder.appendingPathComponent(Self.indexName)
        if FileManager.default.fileExists(atPath: single.path) {
            let file = try Safetensors(contentsOf: single)
            entries = file.entries
            shards = file.entries.mapValues { _ in file }
            files = [single]
        } else if FileManager.default.fileExists(atPath: index.path) {
            let opened = try Self.open(Self.weightMap(of: index), in: folder)
            entries = opened.entries
            shards = opened.shards
            files = Set(opened.shards.values.map(\.url)).sorted { $0.path < $1.path }
        } else {
            throw Self.noWeights(in: folder)
        }
    }

    /// The bytes of a tensor, row-major and little-endian.
    ///
    /// - Throws: ``TensorFileError/missingTensor(file:tensor:)``, and
    ///   ``TensorFileError/unreadable(file:reason:)`` when they can no longer be read.
    public func bytes(of name: String) throws -> FileBytes {
        try shard(of: name).bytes(of: name)
    }

    /// The first bytes of a tensor, so many at most; throws as ``bytes(of:)``.
    public func firstBytes(of name: String, limit: Int) throws -> [UInt8] {
        try shard(of: name).firstBytes(of: name, limit: limit)
    }

    private func shard(of name: String) throws -> Safetensors {
        guard let shard = shards[name] else {
            throw TensorFileError.missingTensor(file: url.path, tensor: name)
        }
        return shard
    }

    private static func noWeights(in folder: URL) -> TensorFileError {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder) else {
            return .unreadable(file: folder.path, reason: systemMessage(ENOENT))
        }
        guard isFolder.boolValue else {
            return .unreadable(file: folder.path, reason: "it is not a folder")
        }
        let pickled = ["pytorch_model.bin", "pytorch_model.bin.index.json"].first {
            FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path)
        }
        let hint = pickled.map { ", only \($0), which must be converted to safetensors first" }
        return .unreadable(
            file: folder.path,
            reason: "there is no \(singleName) or \(indexName)\(hint ?? "")"
        )
    }

    /// The pairs of tensor name and shard path of an index file.
    private static func weightMap(of index: URL) throws -> [(tensor: String, shard: String)] {
        func malformed(_ problem: String) -> TensorFileError {
            .malformed(file: index.path, problem: problem)
        }
        let file = try InputFile(contentsOf: index)
        let limit = SafetensorsHeader.maximumLength
        guard file.count <= limit else {
            throw malformed("the index has \(file.count) bytes, the limit is \(limit)")
        }
        let pairs: [JSONValue.Member]
        do {
            let root = try JSONNode(
                parsing: file.array(0..<file.count),
                file: index.path,
                maximumValues: SafetensorsHeader.maximumValues(file.count)
            )
            pairs = try root.required("weight_map").members()
        } catch let error as JSONError {
            throw malformed(error.problem)
        }
        return try pairs.map { pair in
            guard case .string(let shard) = pair.value else {
                throw malformed(
                    "weight_map: the file of tensor \"\(pair.key)\" should be a string, "
                        + "found \(pair.value.kind)"
                )
            }
            guard staysInside(shard) else {
                throw malformed(
                    "weight_map: the file \"\(shard)\" of tensor \"\(pair.key)\" is not a path "
                        + "inside the folder"
                )
            }
            return (pair.key, shard)
        }
    }

    /// Whether a relative path cannot leave its folder; links, as download caches use, may.
    private static func staysInside(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return !path.utf8.contains(0) && !parts.contains { ["", ".", ".."].contains($0) }
    }

    private static func open(
        _ weightMap: [(tensor: String, shard: String)],
        in folder: URL
    ) throws -> (entries: [String: TensorEntry], shards: [String: Safetensors]) {
        var opened: [String: Safetensors] = [:]
        var entries: [String: TensorEntry] = [:]
        var shards: [String: Safetensors] = [:]
        for (tensor, path) in weightMap {
            let known = opened[path]
            let shard =
                try known ?? Safetensors(contentsOf: folder.appendingPathComponent(path))
            opened[path] = shard
            guard let entry = shard.entries[tensor] else {
                throw TensorFileError.missingTensor(file: shard.url.path, tensor: tensor)
            }
            entries[tensor] = entry
            shards[tensor] = shard
        }
        // Readers differ in which of two they take.
        for shard in opened.values {
            for name in shard.names {
                guard let other = shards[name]?.url, other != shard.url else { continue }
                throw TensorFileError.malformed(
                    file: shard.url.path,
                    problem: "tensor \"\(name)\" is in \(other.lastPathComponent), too"
                )
            }
        }
        return (entries, shards)
    }
}
