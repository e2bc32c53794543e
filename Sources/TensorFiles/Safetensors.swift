import Foundation

/// A safetensors file.
///
/// Format: 8 bytes with the header's length, little-endian; a JSON object; the tensors' bytes.
/// Source: the format section of the safetensors documentation. A file is refused where the
/// reference library refuses it, and also when its header repeats a key.
public struct Safetensors: Sendable {
    /// The file.
    public let url: URL
    /// The header's `__metadata__`; empty when there is none.
    public let metadata: [String: String]
    /// Every tensor, by name.
    public let entries: [String: TensorEntry]
    /// The tensors' names in the order of the header.
    public let names: [String]

    private let file: InputFile

    /// Opens the file at `url` and checks its whole header.
    ///
    /// - Throws: ``TensorFileError/unreadable(file:reason:)`` when the file cannot be opened,
    ///   ``TensorFileError/malformed(file:problem:)`` when the header breaks the format, and
    ///   ``TensorFileError/unsupported(file:feature:)`` for an element type not in ``ElementType``.
    public init(contentsOf url: URL) throws {
        let file = try InputFile(contentsOf: url)
        let header = try SafetensorsHeader(of: file)
        self.url = url
        self.file = file
        metadata = header.metadata
        names = header.entries.map(\.name)
        entries = Dictionary(uniqueKeysWithValues: header.entries.map { ($0.name, $0) })
    }

    /// The bytes of a tensor, row-major and little-endian.
    ///
    /// - Throws: ``TensorFileError/missingTensor(file:tensor:)``, and
    ///   ``TensorFileError/unreadable(file:reason:)`` when they can no longer be read.
    public func bytes(of name: String) throws -> FileBytes {
        try file.read(range(of: name))
    }

    /// The first bytes of a tensor, so many at most; throws as ``bytes(of:)``.
    public func firstBytes(of name: String, limit: Int) throws -> [UInt8] {
        try file.array(range(of: name).prefix(limit))
    }

    private func range(of name: String) throws -> Range<Int> {
        guard let entry = entries[name] else {
            throw TensorFileError.missingTensor(file: url.path, tensor: name)
        }
        return entry.byteRange
    }
}
