import Torch

/// All trainable numbers in one vector and their gradients in another.
///
/// Each parameter is a leaf tensor that views a slice of ``values``, and its gradient a view of
/// ``gradients``, so a backward pass fills the whole gradient vector in place, an optimizer step is
/// a few operations over everything at once, and a checkpoint is a vector.
public final class FlatParameters {
    /// One parameter's place in the vectors.
    public struct Entry: Equatable, Sendable {
        /// The parameter's name.
        public let name: String
        /// Its shape.
        public let shape: [Int]
        /// Its elements in the vectors.
        public let range: Range<Int>
    }

    /// The parameters in the order of the vectors.
    public let entries: [Entry]
    /// All values [count].
    public let values: Tensor
    /// All gradients [count].
    public let gradients: Tensor
    /// Every parameter by name: leaves that require gradients.
    public let tensors: [String: Tensor]

    /// Parameters of the given names and shapes, all zero; float32 unless a test wants more.
    public init(
        _ parameters: [(name: String, shape: [Int])],
        dtype: DType = .float32,
        device: Device = .cpu
    ) {
        var entries: [Entry] = []
        var end = 0
        for (name, shape) in parameters {
            let start = end
            end += shape.reduce(1, *)
            entries.append(Entry(name: name, shape: shape, range: start..<end))
        }
        let values = Tensor.zeros([end], dtype: dtype, device: device)
        let gradients = Tensor.zeros([end], dtype: dtype, device: device)
        var tensors: [String: Tensor] = [:]
        for entry in entries {
            let leaf = Self.view(values, entry)
            leaf.collectGradient(in: Self.view(gradients, entry))
            tensors[entry.name] = leaf
        }
        self.entries = entries
        self.values = values
        self.gradients = gradients
        self.tensors = tensors
    }

    /// The number of trainable numbers.
    public var count: Int { entries.last?.range.upperBound ?? 0 }

    /// A vector of zeros like ``values``.
    func zeros() -> Tensor { .zeros(like: values) }

    /// The part of a vector [count] that belongs to a parameter, in its shape; a view.
    public static func view(_ vector: Tensor, _ entry: Entry) -> Tensor {
        vector.narrowed(0, start: entry.range.lowerBound, length: entry.range.count)
            .view(entry.shape)
    }
}
