import CTorch

extension Tensor {
    /// The same elements in another shape, a view where possible; one size may be -1.
    public func reshaped(_ shape: [Int]) -> Tensor {
        Tensor { ctorch_reshape(handle, shape.map(Int64.init), Int32(shape.count), $0) }
    }

    /// The same storage in another shape; traps where that needs a copy.
    public func view(_ shape: [Int]) -> Tensor {
        Tensor { ctorch_view(handle, shape.map(Int64.init), Int32(shape.count), $0) }
    }

    /// The same elements, in row-major order in memory.
    public var rowMajor: Tensor { reshaped([-1]).view(shape) }

    /// Two dimensions exchanged; a view.
    public func transposed(_ first: Int, _ second: Int) -> Tensor {
        Tensor { ctorch_transpose(handle, Int64(first), Int64(second), $0) }
    }

    /// The elements `start ..< start + length` of a dimension; a view.
    public func narrowed(_ dimension: Int, start: Int, length: Int) -> Tensor {
        Tensor { ctorch_narrow(handle, Int64(dimension), Int64(start), Int64(length), $0) }
    }

    /// Consecutive parts of the given sizes along a dimension; views with one gradient for all.
    public func split(_ sizes: [Int], along dimension: Int) -> [Tensor] {
        var parts = [ctorch_tensor?](repeating: nil, count: sizes.count)
        let (lengths, count) = sizes.sizesAndRank
        check(ctorch_split(handle, lengths, count, Int64(dimension), &parts), "split")
        return parts.map(Tensor.init(handle:))
    }

    /// Tensors joined along a dimension.
    public static func concatenated(_ tensors: [Tensor], along dimension: Int) -> Tensor {
        let handles = tensors.map(\.handle)
        return Tensor { ctorch_cat(handles, Int32(handles.count), Int64(dimension), $0) }
    }

    /// The slices of a dimension that an integer tensor names.
    public func selecting(_ index: Tensor, along dimension: Int) -> Tensor {
        Tensor { ctorch_index_select(handle, Int64(dimension), index.handle, $0) }
    }

    /// For each place of `index`, the element it names along a dimension; result shaped as `index`.
    public func gathering(_ index: Tensor, along dimension: Int) -> Tensor {
        Tensor { ctorch_gather(handle, Int64(dimension), index.handle, $0) }
    }
}
