import CTorch

/// A seeded source of random tensors: the same seed, device and shapes give the same numbers.
public final class Generator {
    let handle: ctorch_generator?
    let device: Device

    /// A generator at the start of the sequence of `seed`; its tensors lie on `device`.
    public init(seed: UInt64, device: Device = .cpu) {
        var result: ctorch_generator?
        check(ctorch_generator_new(seed, device.name, &result), "Generator")
        handle = result
        self.device = device
    }

    deinit {
        ctorch_generator_release(handle)
    }

    /// Standard normal numbers, float32 by default.
    public func normal(_ shape: [Int], dtype: DType = .float32) -> Tensor {
        let (sizes, rank) = shape.sizesAndRank
        return Tensor { ctorch_randn(sizes, rank, handle, dtype.code, device.name, $0) }
    }

    /// Uniform float32 numbers in `low..<high`.
    public func uniform(_ shape: [Int], _ range: Range<Double>) -> Tensor {
        let ((sizes, rank), type) = (shape.sizesAndRank, DType.float32.code)
        let (low, high) = (range.lowerBound, range.upperBound)
        return Tensor { ctorch_uniform(sizes, rank, low, high, handle, type, device.name, $0) }
    }
}
