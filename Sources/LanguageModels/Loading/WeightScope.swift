import Torch

/// The tensors of a checkpoint, whatever its files: a Hugging Face folder or a GGUF file.
protocol WeightSource {
    /// The file or folder, for messages.
    var file: String { get }
    /// The shape of every tensor, by checkpoint name.
    var shapes: [String: [Int]] { get }
    /// A tensor in float32 on the CPU, in memory that may be written to.
    func load(_ name: String) throws -> Tensor
    /// Divisors of the rotary frequencies, where the file stores them.
    func ropeDivisors() throws -> [Float]?
    /// A few bytes of a tensor as stored, for fingerprints.
    func sample(_ name: String) throws -> [UInt8]
}

/// A place in a checkpoint: names are read relative to it, and every name that is read is noted.
public struct WeightScope {
    /// The name of this place, such as `model.layers.0`; empty at the root.
    let path: String
    let device: Device
    private let source: any WeightSource
    private let names: ReadNames

    /// The names read so far, shared by all scopes of a checkpoint.
    private final class ReadNames {
        var names: Set<String> = []
    }

    init(_ source: any WeightSource, device: Device) {
        self.init(path: "", device: device, source: source, names: ReadNames())
    }

    private init(path: String, device: Device, source: any WeightSource, names: ReadNames) {
        self.path = path
        self.device = device
        self.source = source
        self.names = names
    }

    static func / (scope: WeightScope, name: String) -> WeightScope {
        WeightScope(
            path: scope.path.isEmpty ? name : scope.path + "." + name,
            device: scope.device,
            source: scope.source,
            names: scope.names
        )
    }

    /// The tensor `name` of this place in float32, which must have the given shape.
    func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
        let full = (self / name).path
        guard let found = source.shapes[full] else {
            throw ModelError.missingTensor(file: source.file, tensor: full)
        }
        guard found == shape else {
            throw ModelError.shapeMismatch(
                file: source.file,
                tensor: full,
                expected: shape,
                found: found
            )
        }
        names.names.insert(full)
        return try source.load(full).to(device)
    }

    func ropeDivisors(_ count: Int) throws -> [Float]? {
        guard let divisors = try source.ropeDivisors() else { return nil }
        guard divisors.count == count else {
            throw ModelError.shapeMismatch(
                file: source.file,
                tensor: "rope_freqs.weight",
                expected: [count],
                found: [divisors.count]
            )
        }
        return divisors
    }

    /// Throws when the checkpoint holds tensors that nobody read.
    func checkAllRead(except ignored: (String) -> Bool) throws {
        let surplus = source.shapes.keys.filter { !names.names.contains($0) && !ignored($0) }
        guard let first = surplus.min() else { return }
        throw ModelError.surplusTensors(file: source.file, first: first, count: surplus.count)
    }
}
