import CTorch

extension Tensor {
    /// A float32 tensor that holds a copy of `values` in row-major order.
    ///
    /// The shape is one dimension of all values unless given; its product is their number.
    public convenience init(_ values: [Float], shape: [Int]? = nil, device: Device = .cpu) {
        self.init(copying: values, .float32, shape, device)
    }

    /// A float64 tensor that holds a copy of `values` in row-major order.
    public convenience init(_ values: [Double], shape: [Int]? = nil, device: Device = .cpu) {
        self.init(copying: values, .float64, shape, device)
    }

    /// An int64 tensor that holds a copy of `values` in row-major order.
    public convenience init(_ values: [Int], shape: [Int]? = nil, device: Device = .cpu) {
        self.init(copying: values.map(Int64.init), .int64, shape, device)
    }

    private convenience init<Element>(
        copying values: [Element],
        _ type: DType,
        _ shape: [Int]?,
        _ device: Device
    ) {
        let shape = shape ?? [values.count]
        precondition(
            shape.reduce(1, *) == values.count,
            "\(values.count) values do not fill a tensor of shape \(shape)"
        )
        let (sizes, rank) = shape.sizesAndRank
        self.init { result in
            values.withUnsafeBytes {
                ctorch_from_bytes($0.baseAddress, sizes, rank, type.code, device.name, result)
            }
        }
    }

    /// A tensor of the memory at `bytes`, without a copy; it keeps `owner` alive.
    public convenience init(
        viewing bytes: UnsafeRawBufferPointer,
        shape: [Int],
        dtype: DType,
        owner: AnyObject
    ) {
        precondition(
            shape.reduce(dtype.byteCount, *) == bytes.count,
            "\(bytes.count) bytes do not fill a \(dtype) tensor of shape \(shape)"
        )
        let context = Unmanaged.passRetained(owner).toOpaque()
        let (sizes, rank) = shape.sizesAndRank
        self.init {
            ctorch_from_blob(
                bytes.baseAddress,
                sizes,
                rank,
                dtype.code,
                { owner in owner.map { Unmanaged<AnyObject>.fromOpaque($0).release() } },
                context,
                $0
            )
        }
    }

    /// A tensor filled with one value.
    public static func full(
        _ shape: [Int],
        _ value: Double,
        dtype: DType = .float32,
        device: Device = .cpu
    ) -> Tensor {
        let (sizes, rank) = shape.sizesAndRank
        return Tensor { ctorch_full(sizes, rank, value, dtype.code, device.name, $0) }
    }

    /// A tensor of zeros.
    public static func zeros(
        _ shape: [Int],
        dtype: DType = .float32,
        device: Device = .cpu
    ) -> Tensor {
        full(shape, 0, dtype: dtype, device: device)
    }

    /// Zeros with the shape, type and device of another tensor.
    public static func zeros(like other: Tensor) -> Tensor {
        zeros(other.shape, dtype: other.dtype, device: other.device)
    }

    /// A copy with storage of its own.
    public func clone() -> Tensor { Tensor { ctorch_clone(handle, $0) } }
}

extension [Int] {
    /// A shape as the shim takes it.
    var sizesAndRank: ([Int64], Int32) { (map(Int64.init), Int32(count)) }
}
