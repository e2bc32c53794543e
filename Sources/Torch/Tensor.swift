import CTorch

/// An n-dimensional array of libtorch: one reference to its storage and its place in the gradient
/// graph.
///
/// Operations are methods and operators that return new tensors; their in-place forms end in
/// `InPlace`. Misuse (shapes that do not fit) is a programmer's error and traps with the shapes;
/// inside ``withTorchErrors(_:)`` every failure of the engine is thrown instead.
///
/// A tensor is not `Sendable`: one thread builds and reads a graph.
public final class Tensor {
    let handle: ctorch_tensor?

    /// Takes the tensor that `body` writes through its pointer, after checking its status.
    init(
        operation: StaticString = #function,
        _ body: (UnsafeMutablePointer<ctorch_tensor?>) -> Int32
    ) {
        var result: ctorch_tensor?
        check(body(&result), operation)
        handle = result
    }

    init(handle: ctorch_tensor?) {
        self.handle = handle
    }

    deinit {
        ctorch_release(handle)
    }

    /// Tensors made on this thread less those released on it; for leak tests.
    public static var liveCount: Int { Int(ctorch_live_tensors()) }
}

extension Tensor {
    /// The size of each dimension; empty for a scalar.
    public var shape: [Int] {
        var rank: Int32 = 0
        check(ctorch_rank(handle, &rank), "shape")
        var sizes = [Int64](repeating: 0, count: Int(rank))
        check(ctorch_shape(handle, &sizes), "shape")
        return sizes.map(Int.init)
    }

    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// The type of the elements.
    public var dtype: DType {
        var code: Int32 = 0
        check(ctorch_dtype(handle, &code), "dtype")
        return DType(code: code)
    }

    /// Where the elements lie.
    public var device: Device {
        var name = [CChar](repeating: 0, count: 32)
        check(ctorch_device(handle, &name, Int32(name.count)), "device")
        let text = String(
            decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)),
            as: UTF8.self
        )
        return Device(trusted: text)
    }

    /// The value of a tensor of one element.
    public var item: Double {
        var value = 0.0
        check(ctorch_item(handle, &value), "item")
        return value
    }

    /// The elements in row-major order, converted to float32 and copied to the host.
    public var floats: [Float] { elements(as: .float32, zero: Float(0)) }

    /// The elements in row-major order, converted to float64 and copied to the host.
    public var doubles: [Double] { elements(as: .float64, zero: Double(0)) }

    /// The elements in row-major order, converted to 64-bit integers and copied to the host.
    public var integers: [Int] { elements(as: .int64, zero: Int64(0)).map(Int.init) }

    private func elements<Element>(as type: DType, zero: Element) -> [Element] {
        let source = dtype == type ? self : to(type)
        var result = [Element](repeating: zero, count: source.count)
        let byteCount = Int64(result.count * MemoryLayout<Element>.stride)
        result.withUnsafeMutableBytes { bytes in
            check(ctorch_copy_bytes(source.handle, bytes.baseAddress, byteCount), "elements")
        }
        return result
    }

    /// This tensor as another type, on the same device; itself when it has that type.
    public func to(_ type: DType) -> Tensor { to(type, device) }

    /// This tensor on another device; itself when it is there.
    public func to(_ device: Device) -> Tensor { to(dtype, device) }

    private func to(_ type: DType, _ device: Device) -> Tensor {
        Tensor { ctorch_to(handle, type.code, device.name, $0) }
    }
}
