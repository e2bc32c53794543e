import Foundation

/// Where a tensor lies in its file, and how to read it.
public struct TensorEntry: Equatable, Sendable {
    /// The tensor's name.
    public let name: String
    /// The type of its elements, stored little-endian.
    public let elementType: ElementType
    /// Sizes, slowest dimension first; empty for a scalar.
    public let shape: [Int]
    /// The bytes in the file, counted from its start.
    public let byteRange: Range<Int>
}

/// Named tensors on disk: one file or a folder of shards.
public protocol TensorArchive: Sendable {
    /// The file, or the folder of shards.
    var url: URL { get }
    /// Every tensor, by name.
    var entries: [String: TensorEntry] { get }
    /// The bytes of a tensor, row-major and little-endian, without a copy.
    ///
    /// - Throws: ``TensorFileError/missingTensor(file:tensor:)``.
    func bytes(of name: String) throws -> MappedBytes
}
