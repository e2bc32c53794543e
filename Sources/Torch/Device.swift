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
        guard let available = Self.available.first(where: { $0.name == name }) else {
            let names = Self.available.map(\.name).joined(separator: ", ")
            throw TorchError(message: "device: expected one of \(names) here, found \"\(name)\"")
        }
        self = available
    }

    /// The devices that this machine and this build of libtorch offer.
    public static var available: [Device] {
        var names = ["cpu"]
        if ctorch_has_cuda() {
            names.append("cuda")
            names += (0..<ctorch_cuda_device_count()).map { "cuda:\($0)" }
        }
        if ctorch_has_mps() { names.append("mps") }
        return names.map(Device.init(trusted:))
    }

    /// The name in libtorch's spelling.
    public var description: String { name }
}
