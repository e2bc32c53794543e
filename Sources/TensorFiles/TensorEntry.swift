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
