import CTorch

/// Where tensors lie and operations run: `cpu`, `cuda`, `cuda:N` or `mps`.
public struct Device: Sendable, Hashable, CustomStringConvertible {
    /// The name in libtorch's spelling.
    public let name: String

    /// The processor; always available.
    public static let cpu = Device(trusted: "cpu")

    init(trusted name: String) {
        self.name = name
    }

    /// The device of that name.
    ///
    /// - Throws: ``TorchError`` when the name is unknown or this machine or build of libtorch does
    ///   not have the device.
    public init(_ name: String) throws {
        // Without a look at the others, which takes a second where there are any.
        if name == Device.cpu.name {
            self = .cpu
            return
        }
        guard let available = Self.available.first(where: { $0.name == name }) else {
            let names = Self.available.map(\.name).joined(separator: ", ")
            var message = "device: expected one of \(names) here, found \"\(name)\""
            if name.hasPrefix("cuda"), let fault = Self.cudaFault { message += ": \(fault)" }
            throw TorchError(message: message)
        }
        self = available
    }

    /// The devices that this machine and its libtorch offer.
    public static var available: [Device] {
        var names = ["cpu"]
        if cudaFault == nil {
            names.append("cuda")
            names += (0..<ctorch_cuda_device_count()).map { "cuda:\($0)" }
        }
        if ctorch_has_mps() { names.append("mps") }
        return names.map(Device.init(trusted:))
    }

    /// Why there are no CUDA devices; nil where there are.
    public static var cudaFault: String? {
        let fault = String(cString: ctorch_cuda_fault())
        return fault.isEmpty ? nil : fault
    }

    /// Why layers on CUDA devices are no kernels of our own; nil where they are.
    ///
    /// Without them they are compositions of libtorch's operations. Compiles one to see.
    public static var cudaKernelsFault: String? {
        let fault = String(cString: ctorch_cuda_kernels_fault())
        return fault.isEmpty ? nil : fault
    }

    /// Whether the device has instructions for products in bfloat16; nil where it does not tell.
    ///
    /// Cards from compute capability 8.0 on have them.
    public var multipliesBFloat16: Bool? {
        if self == .cpu { return Processor.multipliesBFloat16 }
        let capability = ctorch_cuda_capability(name)
        return capability == 0 ? nil : capability >= 80
    }

    /// Bytes of its own memory that tensors took at most, and that are free; nil for the processor
    /// and for devices whose allocator does not say.
    public var memory: (peak: Int, available: Int)? {
        guard self != .cpu else { return nil }
        var (peak, available): (Int64, Int64) = (0, 0)
        guard ctorch_device_memory(name, &peak, &available) == 0 else { return nil }
        return (Int(peak), Int(available))
    }

    /// The name in libtorch's spelling.
    public var description: String { name }
}
